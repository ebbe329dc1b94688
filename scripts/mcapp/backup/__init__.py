"""Backups of a release's database: made, listed, verified, restored."""
