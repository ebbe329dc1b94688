#!/usr/bin/env python3
"""Find the first broken link of an installed release: its layer, the cause, the evidence, the remedy."""

from mcapp.cli import run
from mcapp.doctor.cli import TOOL

if __name__ == "__main__":
    run(TOOL.main)
