"""The message centre: what an enterprise should know, said once."""
