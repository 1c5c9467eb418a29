"""The edge: translates between the outside world and one call into the domain."""
