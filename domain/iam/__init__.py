"""Roles and sub-accounts: who of an enterprise may do what, and what stops when one goes."""
