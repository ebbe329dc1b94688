#!/usr/bin/env python3
"""Runs every test, with all they need installed first; `make test` runs it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from dev import ROOT
from dev.kind import cluster as clusters
from dev.kind import docker, host
from dev.kind.programs import command
from dev.kind.versions import cache_dir
from mcapp.cli import parser, run
from mcapp.errors import Exit
from mcapp.messages import announce

DISK_GIB = 15
PACKAGES = (
    "chromium",
    "fonts-wqy-microhei",
    "iproute2",
    "iptables",
    "nftables",
    "openssl",
    "stunnel4",
    "util-linux",
)


def main(arguments: Sequence[str]) -> Exit:
    """Run the tests without a cluster, then those on kind; go on to the second when the first fail."""
    options = parser("python -m dev.test", __doc__ or "", "python -m dev.test --without-kind")
    options.add_argument("--without-kind", action="store_true", help="only what needs no cluster")
    options.add_argument(
        "--ha", action="store_true", help="only the database on three nodes, in every distress"
    )
    chosen = options.parse_args(arguments)

    host.require_root()
    clusters.use_only_own_kubeconfig()
    host.require_disk(cache_dir(), DISK_GIB)
    host.install(PACKAGES)
    for name in ("helm", "kubectl", "ct", "helm-docs", "kube-score", "actionlint"):
        command(name)
    started = time.monotonic()
    if chosen.ha:
        docker.ensure()
        return Exit.FAILED if _pytest("kind", "--numprocesses", "0", "tests/e2e/test_ha.py") else Exit.OK
    failed = _pytest("not kind")
    if not chosen.without_kind:
        docker.ensure()
        # One process: its progress is shown as it comes, and the load finds the machine quiet.
        failed |= _pytest("kind and not ha", "--numprocesses", "0", "--durations=40", "--durations-min=10")
    announce(f"The tests took {time.monotonic() - started:.0f} s.")
    return Exit.FAILED if failed else Exit.OK


def _pytest(markers: str, *options: str) -> bool:
    announce(f"==> pytest -m '{markers}'")
    return bool(
        subprocess.run(
            [sys.executable, "-m", "pytest", "--slow", "-m", markers, *options], cwd=ROOT, check=False
        ).returncode
    )


if __name__ == "__main__":
    run(main)
