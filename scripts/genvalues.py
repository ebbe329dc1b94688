#!/usr/bin/env python3
"""Turn the nodes of a cluster into Helm values for the chart mcapp, with the reason for each."""

from mcapp.__main__ import start

if __name__ == "__main__":
    start("genvalues")
