"""Tests of movedb."""
