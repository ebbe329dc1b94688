#!/usr/bin/env python3
"""Move the database with its data to another node: a copy is verified, and then takes its place."""

from mcapp.cli import run
from mcapp.move.cli import TOOL

if __name__ == "__main__":
    run(TOOL.main)
