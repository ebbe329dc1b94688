"""Tests of preflight, between network namespaces."""
