"""Products, their APIs with result codes, and their delivery options."""
