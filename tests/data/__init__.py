"""Tests of backup, restore and fingerprint."""
