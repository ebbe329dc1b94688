"""Tests of the doctor, on recordings of real clusters."""
