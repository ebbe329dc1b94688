#!/usr/bin/env python3
"""Time scripts/doctor.py on a healthy install and write docs/bench-doctor.md.

Each figure is of the whole process, start-up included. The cluster is that of --kubeconfig.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from typing import Any

from dev import ROOT

ROUNDS = 10


def run(arguments: list[str]) -> tuple[float, dict[str, Any]]:
    """Run the doctor once: wall-clock seconds, and what it found."""
    command = [sys.executable, str(ROOT / "scripts" / "doctor.py"), "--output", "json", *arguments]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"the release is not healthy: {done.stdout or done.stderr}")
    return seconds, json.loads(done.stdout)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--kubectl", default="kubectl")
    asked = parser.parse_args()
    arguments = ["--kubeconfig", asked.kubeconfig, "--kubectl", asked.kubectl]
    run(arguments)
    runs = [run(arguments) for _ in range(ROUNDS)]
    seconds = sorted(one for one, _ in runs)
    hops: dict[str, list[float]] = {}
    for _, found in runs:
        for hop in found["hops"]:
            hops.setdefault(f"{hop['from']} -> {hop['to']}", []).append(hop["ms"])
    rows = "\n".join(f"| {hop} | {statistics.median(times):.1f} |" for hop, times in hops.items())
    text = (
        "# How long a diagnosis takes\n\n"
        f"Made by `python -m bench.doctor --kubeconfig FILE`: {ROUNDS} rounds of the whole process on a "
        f"healthy install in topology multi on kind, the cluster itself on the same {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}. "
        f"One-minute load when it ended: {os.getloadavg()[0]:.1f}.\n\n"
        "| median (s) | fastest to slowest (s) |\n| ---: | ---: |\n"
        f"| {statistics.median(seconds):.2f} | {seconds[0]:.2f} to {seconds[-1]:.2f} |\n\n"
        "What the same runs told of the hops:\n\n| hop | median (ms) |\n| --- | ---: |\n"
        f"{rows}\n"
    )
    (ROOT / "docs" / "bench-doctor.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
