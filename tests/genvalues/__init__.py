"""Tests of genvalues."""
