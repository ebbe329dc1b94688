"""The cluster as every tool sees it: kubectl, and what is read through it."""
