"""What every room of the domain stands on: context, commands, refusals, reading, money, secrets."""
