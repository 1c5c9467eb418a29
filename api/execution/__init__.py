"""How a validated operation is run fast; knows no noun."""
