"""Trusted documents: the operations that clients registered beforehand."""
