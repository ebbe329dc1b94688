"""Finds the first broken link of an installed release, with the cause, the evidence and the remedy."""
