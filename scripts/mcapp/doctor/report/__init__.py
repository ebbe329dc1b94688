"""A diagnosis as text, as a page, and as a picture."""
