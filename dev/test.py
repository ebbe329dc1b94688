#!/usr/bin/env python3
"""Runs the tests, with all they need installed first; `make test` and `make test-all` run it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from dev import ROOT
from dev.kind import cluster as clusters
from dev.kind import docker, host
from dev.kind.postgres import LIBRARIES
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
    *LIBRARIES,
)
PROGRAMS = ("helm", "kubectl", "ct", "helm-docs", "kube-score", "actionlint", "esbuild")
SLOWEST = ("--durations=10", "--durations-min=1")
# One process: its progress is shown as it comes, and the load meets a quiet machine.
ALONE = ("--numprocesses=0",)
# What each tier runs, as pytest's marker expressions; those on the cluster come last.
TEST = ("not kind and not long and not thorough", "kind and not long and not thorough")
REST = (
    "not kind and not long and thorough",
    "kind and thorough and not ha and not long",
    "kind and ha and not long",
)
# The tiers and the long tests mixed, so that each topology needs one cluster only.
ALL = ("not kind and not long", "not kind and long", "kind and not ha", "kind and ha")
# Long tests share a Docker engine, which one ends, or lets forget its images, while another would build.
SPREAD = "not kind and not long"
TIERS = {"test": TEST, "rest": REST, "all": ALL}
TIER = (
    "test: each capability once; rest: all others but the long ones; all: every test (default: %(default)s)"
)


def prepare() -> None:
    """Install what the tests need.

    Raises:
        UserError: no root, too little disk, or a package or a program that is not to be had.

    """
    host.require_root("Installing what the tests need")
    clusters.use_only_own_kubeconfig()
    host.require_disk(cache_dir(), DISK_GIB)
    host.install(PACKAGES)
    for name in PROGRAMS:
        command(name)


def main(arguments: Sequence[str]) -> Exit:
    """Run one part after the other; go on to the next when one fails."""
    options = parser("python -m dev.test", __doc__ or "", "python -m dev.test --without-kind")
    options.add_argument("--tier", choices=TIERS, default="test", help=TIER)
    options.add_argument("--without-kind", action="store_true", help="only what needs no cluster")
    chosen = options.parse_args(arguments)

    prepare()
    started = time.monotonic()
    failed = []
    for markers in TIERS[chosen.tier]:
        on_kind = not markers.startswith("not kind")
        if on_kind and chosen.without_kind:
            continue
        if on_kind:
            docker.ensure()
        if _pytest(markers, *SLOWEST, *(() if markers.startswith(SPREAD) else ALONE)):
            failed.append(markers)
    announce(f"The tests took {time.monotonic() - started:.0f} s.")
    if failed:
        announce(
            f"error: failed: {'; '.join(failed)}. To run one alone: pytest '<what stands behind FAILED>'"
        )
    return Exit.FAILED if failed else Exit.OK


def chosen(markers: str) -> str:
    """Return what a part runs: nothing that needs what `make test-addons` takes minutes to build."""
    return f"({markers}) and not addons"


def _pytest(markers: str, *options: str) -> bool:
    announce(f"==> pytest -m '{markers}'")
    command_line = [sys.executable, "-m", "pytest", "-m", chosen(markers), *options]
    return bool(subprocess.run(command_line, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    run(main)
