#!/usr/bin/env python3
"""Find the first broken link of an installed release: its layer, the cause, the evidence, the remedy."""

from mcapp.__main__ import start

if __name__ == "__main__":
    start("doctor")
