"""Tests of the web tier: its nginx, and its page in a real browser."""
