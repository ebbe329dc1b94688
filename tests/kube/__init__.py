"""Tests of what every tool reads of a cluster."""
