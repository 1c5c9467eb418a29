"""Enterprises, the people and machines in them, their roles, verification and sessions."""
