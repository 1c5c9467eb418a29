"""Counterfoil's domain: what is decided and remembered, whoever asks and by whichever door."""
