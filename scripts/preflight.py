#!/usr/bin/env python3
"""Tell whether this machine and its peer are fit for k3s, before it is installed."""

from mcapp.__main__ import start

if __name__ == "__main__":
    start("preflight")
