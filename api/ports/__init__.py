"""The outside world behind ports, each with a named sandbox home for development."""
