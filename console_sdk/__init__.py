"""The client library of Counterfoil: what a customer needs to use it and to check its bills."""
