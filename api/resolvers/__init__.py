"""The calls of the API: a file per noun; unpack, call the domain, hand over."""
