"""Measurements: each command writes its page in docs/."""
