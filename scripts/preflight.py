#!/usr/bin/env python3
"""Tell whether this machine and its peer are fit for k3s, before it is installed."""

from mcapp.cli import run
from mcapp.preflight.cli import TOOL

if __name__ == "__main__":
    run(TOOL.main)
