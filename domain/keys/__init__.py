"""Access keys, the tokens they obtain, and the check at call time."""
