"""Lost second factors: taken away by an operator, after a wait in which the owner can object."""
