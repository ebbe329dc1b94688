#!/usr/bin/env python3
"""Time scripts/genvalues.py from a file of nodes; write docs/bench-genvalues.md.

Each row is the median of five runs of the whole process, start-up included, and its largest memory.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from dev import ROOT
from tests.support.kube_objects import CONTROL_PLANE, DATABASE, Object, listing, node

SIZES = (2, 100, 1000, 5000, 10000)
ROUNDS = 5


class Run(NamedTuple):
    """One run: wall-clock seconds, seconds of CPU, largest resident memory in MiB."""

    seconds: float
    cpu: float
    mebibytes: float


def kubelet_node(number: int) -> Object:
    """Make a node with the parts that genvalues does not read, too: images are most of a real one."""
    labels = DATABASE if number == 1 else CONTROL_PLANE if number == 0 else {}
    made = node(f"node-{number:05}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", labels=labels)
    images = [f"registry.example/team/app-{image}@sha256:{image:064x}" for image in range(10)]
    made["status"]["images"] = [{"names": [image], "sizeBytes": 50_000_000} for image in images]
    return made


def run(path: Path) -> Run:
    """Run the command once on a file of nodes."""
    command = [sys.executable, str(ROOT / "scripts" / "genvalues.py"), "--nodes-file", str(path)]
    folder = str(path.parent)
    start = time.perf_counter()
    child = os.posix_spawn(
        command[0],
        [*command, "--output", f"{folder}/values.yaml"],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, f"{folder}/told", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        ],
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"genvalues failed on {path}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def table() -> str:
    """Measure every size; return a Markdown table."""
    lines = [
        "| nodes | file (MiB) | median (s) | fastest to slowest (s) | CPU, median (s) | memory (MiB) |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nodes.json"
        for size in SIZES:
            path.write_text(json.dumps(listing(*map(kubelet_node, range(size))), indent=4))
            run(path)
            runs = [run(path) for _ in range(ROUNDS)]
            seconds = [one.seconds for one in runs]
            spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
            memory = max(one.mebibytes for one in runs)
            lines.append(
                f"| {size} | {path.stat().st_size / 2**20:.1f} | {statistics.median(seconds):.2f} "
                f"| {spread} | {statistics.median(one.cpu for one in runs):.2f} | {memory:.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    page = ROOT / "docs" / "bench-genvalues.md"
    rows = table()
    cores, python = os.cpu_count(), platform.python_version()
    text = (
        "# How long genvalues takes\n\n"
        f"Made by `python -m bench.genvalues`: {ROUNDS} rounds of the whole process for each size, on "
        f"{cores} cores, {platform.system()} {platform.machine()}, Python {python}. "
        f"One-minute load when it ended: {os.getloadavg()[0]:.1f}.\n\n{rows}\n"
    )
    page.parent.mkdir(exist_ok=True)
    page.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
