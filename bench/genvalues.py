#!/usr/bin/env python3
"""Times scripts/genvalues.py on a file of nodes, and writes docs/bench-genvalues.md.

Each row holds the median time of five runs, start-up included, and the peak memory.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dev import ROOT
from dev.local.kube_objects import CONTROL_PLANE, DATABASE, Object, listing, node, with_images
from mcapp.cli import parser, run
from mcapp.errors import Exit, FailedError

SIZES = (2, 100, 1000, 5000, 10000)
ROUNDS = 5


class Run(NamedTuple):
    """One run: wall-clock seconds, seconds of CPU, peak resident memory in MiB."""

    seconds: float
    cpu: float
    mebibytes: float


def _node(number: int) -> Object:
    """Return a node with the parts that genvalues does not read too."""
    labels = DATABASE if number == 1 else CONTROL_PLANE if number == 0 else {}
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    return with_images(node(f"node-{number:05}", address, labels=labels))


def _measure(path: Path) -> Run:
    """Run the command once on a file of nodes.

    Raises:
        UserError: the command fails.

    """
    command = [sys.executable, str(ROOT / "scripts" / "genvalues.py"), "--nodes-file", str(path)]
    folder = str(path.parent)
    start = time.perf_counter()
    child = os.posix_spawn(
        command[0],
        [*command, "--file", f"{folder}/values.yaml"],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, f"{folder}/told", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        ],
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    if status:
        raise FailedError(f"genvalues failed on {path}.")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _table() -> str:
    """Measure every size; return a Markdown table."""
    lines = [
        "| nodes | file (MiB) | median (s) | fastest to slowest (s) | CPU, median (s) | memory (MiB) |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nodes.json"
        for size in SIZES:
            path.write_text(json.dumps(listing(*map(_node, range(size))), indent=4))
            _measure(path)
            runs = [_measure(path) for _ in range(ROUNDS)]
            seconds = [one.seconds for one in runs]
            spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
            memory = max(one.mebibytes for one in runs)
            lines.append(
                f"| {size} | {path.stat().st_size / 2**20:.1f} | {statistics.median(seconds):.2f} "
                f"| {spread} | {statistics.median(one.cpu for one in runs):.2f} | {memory:.0f} |"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> Exit:
    """Write the page."""
    parser("python -m bench.genvalues", __doc__ or "", "python -m bench.genvalues").parse_args(arguments)
    page = ROOT / "docs" / "bench-genvalues.md"
    rows = _table()
    cores, python = os.cpu_count(), platform.python_version()
    text = (
        "# How long genvalues takes\n\n"
        f"Made by `python -m bench.genvalues`: {ROUNDS} rounds of the whole process for each size, on "
        f"{cores} cores, {platform.system()} {platform.machine()}, Python {python}. "
        f"One-minute load at the end: {os.getloadavg()[0]:.1f}.\n\n{rows}\n"
    )
    page.parent.mkdir(exist_ok=True)
    page.write_text(text)
    print(text)
    return Exit.OK


if __name__ == "__main__":
    run(main)
