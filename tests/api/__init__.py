"""Tests of the api, each against a real process and a real PostgreSQL."""
