#!/usr/bin/env python3
"""Lints and installs a changed chart by chart-testing, and upgrades to it from the branch it will go to.

`make ct` runs it, on the cluster of `make up`, whose release it uninstalls (the data stay). Without a change
of the chart there is nothing to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from dev import ROOT
from dev.kind.cluster import existing
from dev.kind.programs import command
from dev.kind.release import Release
from dev.kind.versions import CLUSTER
from mcapp.cli import parser, run
from mcapp.errors import Exit, FailedError
from mcapp.progress import step


def main(arguments: Sequence[str]) -> Exit:
    """Run `ct lint`, then `ct install --upgrade`."""
    options = parser("python -m dev.ct", (__doc__ or "").splitlines()[0], "python -m dev.ct --remote origin")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--remote", default="origin", help="git remote of the branch (default: origin)")
    options.add_argument("--target-branch", default="main", help="where the change will go (default: main)")
    chosen = options.parse_args(arguments)

    cluster = existing(chosen.cluster)
    release = Release(cluster)
    if release.exists():
        with step("helm uninstall: its NodePort is the chart's default"):
            release.helm("uninstall", "--wait")
    against = ("--remote", chosen.remote, "--target-branch", chosen.target_branch)
    for words in (("lint",), ("install", "--upgrade")):
        called = [_ct(), *words, "--config", str(ROOT / "ct.yaml"), *against]
        done = subprocess.run(called, cwd=ROOT, env={**os.environ, **cluster.env(), **_path()}, check=False)
        if done.returncode:
            raise FailedError(f"ct {words[0]} failed; what it says stands above.")
    return Exit.OK


def _ct() -> str:
    """Return the workflow's ct where its action has brought one, else ours."""
    return shutil.which("ct") or str(command("ct"))


def _path() -> dict[str, str]:
    """Let ct find helm and kubectl."""
    ours = (str(command(name).parent) for name in ("helm", "kubectl"))
    return {"PATH": ":".join((*ours, os.environ["PATH"]))}


if __name__ == "__main__":
    run(main)
