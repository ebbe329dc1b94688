"""Tests on a kind cluster."""
