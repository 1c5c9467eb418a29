"""The platform's own staff, their roles and the service keys of its gateways."""
