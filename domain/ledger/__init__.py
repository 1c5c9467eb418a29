"""Double entry: financial accounts, balanced transactions, recharges."""
