#!/usr/bin/env python3
"""Times `helm install --wait` and `kubectl apply` of the same objects, and writes docs/bench-install.md.

It uses the cluster of `make up`, which holds the images, and a new namespace each time. The two take turns.
The time of `kubectl apply` ends when `kubectl rollout status` reports every tier as complete.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from bench.measured import setting, spread
from dev import ROOT
from dev.kind.cluster import existing
from dev.kind.release import Release
from dev.kind.versions import CLUSTER
from mcapp import wait
from mcapp.cli import parser, run
from mcapp.config import CHART
from mcapp.errors import Exit, FailedError
from mcapp.messages import announce

PAGE = ROOT / "docs" / "bench-install.md"
SPACE = "mcapp-bench"
VOLUMES_SECONDS = 120
AIM = 1.10
# The running release has the NodePort. A claim that Helm keeps would block the deletion of the namespace.
VALUES = ("--set", "topology=multi,web.service.type=ClusterIP,db.persistence.keep=false")
TIERS = ("statefulset/db", "deployment/api", "deployment/web")


def main(arguments: Sequence[str]) -> Exit:
    """Measure in turns, and write the page."""
    options = parser("python -m bench.install", __doc__ or "", "python -m bench.install --rounds 5")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--rounds", type=int, default=5, help="turns of each (default: 5)")
    chosen = options.parse_args(arguments)
    release = Release(existing(chosen.cluster), SPACE, "bench")
    seconds: dict[str, list[float]] = {"helm": [], "kubectl": []}
    turn(release, "helm")
    for number in range(chosen.rounds):
        # The second of a round is the first of the next.
        for way in ("helm", "kubectl") if number % 2 else ("kubectl", "helm"):
            seconds[way].append(turn(release, way))
            announce(f"round {number + 1}: {way} {seconds[way][-1]:.2f} s")
    text = _page(seconds)
    PAGE.write_text(text)
    print(text)
    return Exit.OK


def turn(release: Release, way: str) -> float:
    """Install in an empty namespace; return the seconds until every tier is ready."""
    cluster = release.cluster
    manifest = release.helm("template", CHART, "--no-hooks", *VALUES)
    try:
        began = time.monotonic()
        if way == "helm":
            release.helm("install", CHART, "--create-namespace", *VALUES, "--wait")
        else:
            cluster.kubectl("create", "namespace", SPACE)
            release.apply_manifest(manifest)
            release.kubectl("rollout", "status", *TIERS)
        return time.monotonic() - began
    finally:
        cluster.kubectl("delete", "namespace", SPACE, "--wait", "--ignore-not-found")
        _wait_for_volumes(release)


def _wait_for_volumes(release: Release) -> None:
    """Wait until the provisioner has deleted the volume, which would slow down the next turn.

    Raises:
        UserError: this takes more than two minutes.

    """

    def deleted() -> bool:
        volumes = release.cluster.get("pv")["items"]
        return all(item["spec"]["claimRef"]["namespace"] != SPACE for item in volumes)

    if not wait.until(deleted, VOLUMES_SECONDS, pause=0.5):
        raise FailedError(f"The volume of namespace {SPACE} is still there.")


def _page(seconds: dict[str, list[float]]) -> str:
    helm, kubectl = (statistics.median(seconds[way]) for way in ("helm", "kubectl"))
    ratios = [one / other for one, other in zip(seconds["helm"], seconds["kubectl"], strict=True)]
    return f"""# What Helm adds to an install

Made by `python -m bench.install`: {len(seconds["helm"])} turns of each, in turn, on a kind cluster of
two nodes that runs another release of mcapp and holds the images, each in a new namespace with a new volume.
{setting()}.

| way | median (s) | each (s) |
| --- | ---: | --- |
| `kubectl apply`, then `kubectl rollout status` | {kubectl:.2f} | {_each(seconds["kubectl"])} |
| `helm install --wait` | {helm:.2f} | {_each(seconds["helm"])} |

Ratio of the medians: **{helm / kubectl:.2f}** (aim: at most {AIM:.2f}); of each round: {spread(ratios, 2)}.
The objects are those of `helm template --no-hooks`, rendered before the clock starts. The namespace is
created after it has started.
"""


def _each(values: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    run(main)
