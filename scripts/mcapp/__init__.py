"""What the scripts share: one module a purpose, typed, with no work done at import."""
