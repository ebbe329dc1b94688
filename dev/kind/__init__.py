"""A kind cluster on this machine, with its programs, images and release."""
