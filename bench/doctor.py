#!/usr/bin/env python3
"""Times scripts/doctor.py on a healthy release, and writes docs/bench-doctor.md.

Each time is that of the whole process, start-up included.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from dev import ROOT
from mcapp.cli import parser, run
from mcapp.errors import Exit, FailedError

ROUNDS = 10


def main(arguments: Sequence[str]) -> Exit:
    """Measure and write the page."""
    options = parser("python -m bench.doctor", __doc__ or "", "python -m bench.doctor --kubeconfig FILE")
    options.add_argument("--kubeconfig", required=True, metavar="FILE", help="of the cluster")
    options.add_argument("--kubectl", default="kubectl", metavar="COMMAND", help="the kubectl to call")
    chosen = options.parse_args(arguments)
    asked = ["--kubeconfig", chosen.kubeconfig, "--kubectl", chosen.kubectl]
    _diagnose(asked)
    text = _page([_diagnose(asked) for _ in range(ROUNDS)])
    (ROOT / "docs" / "bench-doctor.md").write_text(text)
    print(text)
    return Exit.OK


def _diagnose(arguments: list[str]) -> tuple[float, dict[str, Any]]:
    """Run the doctor once; return the wall-clock seconds and its report.

    Raises:
        UserError: the doctor finds a fault.

    """
    command = [sys.executable, str(ROOT / "scripts" / "doctor.py"), "--output", "json", *arguments]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise FailedError(f"The release is not healthy: {done.stdout or done.stderr}")
    return seconds, json.loads(done.stdout)


def _page(runs: list[tuple[float, dict[str, Any]]]) -> str:
    seconds = sorted(one for one, _ in runs)
    hops: dict[str, list[float]] = {}
    for _, report in runs:
        for hop in report["hops"]:
            hops.setdefault(f"{hop['from']} -> {hop['to']}", []).append(hop["ms"])
    rows = "\n".join(f"| {hop} | {statistics.median(times):.1f} |" for hop, times in hops.items())
    return (
        "# How long a diagnosis takes\n\n"
        f"Made by `python -m bench.doctor --kubeconfig FILE`: {ROUNDS} rounds of the whole process on a "
        f"healthy release in topology multi on kind, the cluster itself on the same {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}. "
        f"One-minute load at the end: {os.getloadavg()[0]:.1f}.\n\n"
        "| median (s) | fastest to slowest (s) |\n| ---: | ---: |\n"
        f"| {statistics.median(seconds):.2f} | {seconds[0]:.2f} to {seconds[-1]:.2f} |\n\n"
        "The time of each hop in the same runs:\n\n| hop | median (ms) |\n| --- | ---: |\n"
        f"{rows}\n"
    )


if __name__ == "__main__":
    run(main)
