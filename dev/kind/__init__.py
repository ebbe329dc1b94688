"""A kind cluster on this machine, and all that it is made of."""
