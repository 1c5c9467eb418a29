"""What happens in an enterprise, told to those of it who listen."""
