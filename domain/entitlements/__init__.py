"""What was bought or granted, and what it allows."""
