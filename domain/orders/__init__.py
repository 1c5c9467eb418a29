"""What customers order: placed, paid, provisioned, or cancelled."""
