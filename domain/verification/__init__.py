"""Verification: who stands behind an enterprise."""
