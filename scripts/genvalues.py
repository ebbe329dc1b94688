#!/usr/bin/env python3
"""Turn the nodes of a cluster into Helm values for the chart mcapp, with the reason for each."""

import gc

from mcapp.cli import run
from mcapp.genvalues.cli import TOOL

if __name__ == "__main__":
    # So short a process would spend more on looking for garbage than it could free.
    gc.disable()
    run(TOOL.main)
