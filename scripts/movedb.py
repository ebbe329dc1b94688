#!/usr/bin/env python3
"""Move the database with its data to another node: a copy is verified, and then takes its place."""

from mcapp.__main__ import start

if __name__ == "__main__":
    start("move")
