#!/usr/bin/env python3
"""Times `helm install --wait` beside `kubectl apply` of the same objects, and writes docs/bench-install.md.

On the cluster of `make up`, whose images are there, in a namespace of its own that is new each time. The two
take turns; `kubectl apply` ends when `kubectl rollout status` finds every tier ready.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from bench.measured import setting, spread
from dev import ROOT
from dev.kind.cluster import Cluster, existing
from dev.kind.process import output
from dev.kind.programs import command
from dev.kind.versions import CLUSTER
from mcapp.cli import parser, run
from mcapp.config import CHART
from mcapp.errors import Exit
from mcapp.messages import announce

PAGE = ROOT / "docs" / "bench-install.md"
SPACE = "mcapp-bench"
AIM = 1.10
# The port is the running release's, and what is kept would not let the namespace go.
VALUES = ("--set", "topology=multi,web.service.type=ClusterIP,db.persistence.keep=false")
TIERS = ("statefulset/db", "deployment/api", "deployment/web")


def main(arguments: Sequence[str]) -> Exit:
    """Measure in turns, and write the page."""
    options = parser("python -m bench.install", __doc__ or "", "python -m bench.install --rounds 5")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--rounds", type=int, default=5, help="turns of each (default: 5)")
    chosen = options.parse_args(arguments)
    cluster = existing(chosen.cluster)
    seconds: dict[str, list[float]] = {"helm": [], "kubectl": []}
    _turn(cluster, "helm")
    for number in range(chosen.rounds):
        # Whoever comes second in a round comes first in the next.
        for way in ("helm", "kubectl") if number % 2 else ("kubectl", "helm"):
            seconds[way].append(_turn(cluster, way))
            announce(f"round {number + 1}: {way} {seconds[way][-1]:.2f} s")
    text = _page(seconds)
    PAGE.write_text(text)
    print(text)
    return Exit.OK


def _turn(cluster: Cluster, way: str) -> float:
    """Install in an empty namespace; return the seconds until every tier is ready."""
    env = cluster.env()
    manifest = output(
        [command("helm"), "template", "bench", CHART, "-n", SPACE, "--no-hooks", *VALUES], env=env
    )
    try:
        began = time.monotonic()
        if way == "helm":
            install = (command("helm"), "install", "bench", CHART, "-n", SPACE, "--create-namespace")
            output([*install, *VALUES, "--wait"], env=env)
        else:
            cluster.kubectl("create", "namespace", SPACE)
            output([command("kubectl"), "-n", SPACE, "apply", "-f", "-"], env=env, stdin=manifest)
            cluster.kubectl("-n", SPACE, "rollout", "status", *TIERS)
        return time.monotonic() - began
    finally:
        cluster.kubectl("delete", "namespace", SPACE, "--wait", "--ignore-not-found")
        _volumes_gone(cluster)


def _volumes_gone(cluster: Cluster) -> None:
    """Wait for the provisioner, whose clean-up would slow down the next turn."""
    while any(item["spec"]["claimRef"]["namespace"] == SPACE for item in cluster.get("pv")["items"]):
        time.sleep(0.5)


def _page(seconds: dict[str, list[float]]) -> str:
    helm, kubectl = (statistics.median(seconds[way]) for way in ("helm", "kubectl"))
    ratios = [one / other for one, other in zip(seconds["helm"], seconds["kubectl"], strict=True)]
    return f"""# What Helm adds to an install

Made by `python -m bench.install`: {len(seconds["helm"])} turns of each, in turn, on a kind cluster of
two nodes that runs another release of mcapp, images present, each time in a new namespace with a new volume.
{setting()}.

| way | median (s) | each (s) |
| --- | ---: | --- |
| `kubectl apply`, then `kubectl rollout status` | {kubectl:.2f} | {_each(seconds["kubectl"])} |
| `helm install --wait` | {helm:.2f} | {_each(seconds["helm"])} |

Ratio of the medians: **{helm / kubectl:.2f}** (aim: at most {AIM:.2f}); of each round: {spread(ratios, 2)}.
The objects are those of `helm template --no-hooks`, rendered before the clock starts. The namespace is made
after it has started.
"""


def _each(values: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    run(main)
