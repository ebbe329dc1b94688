"""Tests of backup that need no cluster."""
