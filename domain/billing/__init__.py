"""Bills of a month: what was ordered and used, rated line by line."""
