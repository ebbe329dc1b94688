#!/usr/bin/env python3
"""Times the tools and an install among a thousand nodes of others, and writes docs/bench-scale.md.

It uses the cluster of `make up`. The nodes and pods of others are kwok's (bench/others.py): they are put
there, measured with, and removed, in turn. It fails if a tool is slow or says something else with them.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from bench.install import SPACE, turn
from bench.measured import setting, spread
from bench.others import LEASE, SPACES, others, remove
from dev import ROOT
from dev.kind.cluster import Cluster, existing
from dev.kind.process import output
from dev.kind.programs import command, program
from dev.kind.release import Release
from dev.kind.versions import CLUSTER, versions
from mcapp.cli import parser, run
from mcapp.errors import Exit, FailedError
from mcapp.messages import announce
from mcapp.progress import step

PAGE = ROOT / "docs" / "bench-scale.md"
NODES, PODS = 1000, 3000
# What is measured, how often in a turn, and the aim: seconds with the others, or (None) the time without.
GENVALUES, DOCTOR, INSTALL = "genvalues", "doctor", "helm install"
TIMES = {GENVALUES: 5, DOCTOR: 3, INSTALL: 2}
AIMS = {GENVALUES: 3.0, DOCTOR: 10.0, INSTALL: None}
UNCHANGED = 1.10
# kubectl's own way to print the objects, which the tools do not take.
KUBECTL = ("get", "nodes,pods", "--all-namespaces", "--output=json")
# What the doctor measures differs each time.
_MEASURED = ("seconds", "hops")


@dataclass
class Turn:
    """One turn: the seconds of each measurement, and what the tools say."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)

    def median(self, what: str) -> float:
        """Return the median of a measurement's seconds."""
        return statistics.median(self.seconds[what])


def main(arguments: Sequence[str]) -> Exit:
    """Measure in turns, and write the page."""
    options = parser("python -m bench.scale", __doc__ or "", "python -m bench.scale --rounds 2")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--rounds", type=int, default=1, help="turns with the others (default: 1)")
    options.add_argument("--nodes", type=int, default=NODES, help=f"of others (default: {NODES})")
    options.add_argument("--pods", type=int, default=PODS, help=f"of others (default: {PODS})")
    options.add_argument("--remove", action="store_true", help="only remove what a killed run has left")
    chosen = options.parse_args(arguments)
    cluster = existing(chosen.cluster)
    program("kwok")
    with step("Removing what an earlier run has left"):
        remove(cluster)
    if chosen.remove:
        return Exit.OK
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, _interrupt)

    _measure(cluster, warm=True)
    without, within = [_measure(cluster)], []
    brought: list[float] = []
    for number in range(chosen.rounds):
        with step(
            f"Round {number + 1} of {chosen.rounds}: {chosen.nodes} nodes, {chosen.pods} pods of others"
        ):
            began = time.monotonic()
            with others(cluster, chosen.nodes, chosen.pods):
                brought.append(time.monotonic() - began)
                within.append(_measure(cluster))
                within[-1].seconds["kubectl"] = [_seconds(cluster, *KUBECTL)]
        without.append(_measure(cluster))
    differ = _differences(without[0], [*without[1:], *within])
    text = _page(without, within, differ, brought, (chosen.nodes, chosen.pods))
    PAGE.write_text(text)
    print(text)
    return Exit.OK if not differ and all(map(_reached, *_medians(without, within))) else Exit.FAILED


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, so that the others are removed."""
    raise KeyboardInterrupt


def _measure(cluster: Cluster, *, warm: bool = False) -> Turn:
    """Measure each in turn, or only call each once, so that what is read is in memory."""
    measured = Turn({what: [] for what in TIMES})
    for what, times in TIMES.items():
        for _ in range(1 if warm else times):
            began = time.monotonic()
            if what == INSTALL:
                seconds = turn(Release(cluster, SPACE, "bench"), "helm")
            else:
                said = _said(cluster, what)
                seconds = time.monotonic() - began
                measured.said[what] = said
            measured.seconds[what].append(seconds)
        announce(f"    {what}: {spread(measured.seconds[what], 2)} s")
    return measured


def _said(cluster: Cluster, tool: str) -> dict[str, Any]:
    """Call a tool as a user does, and return what it says, but for what it measures.

    Raises:
        FailedError: the tool fails, or finds a fault.

    """
    asked = [sys.executable, ROOT / "scripts" / f"{tool}.py", "--output=json", "--lang=en"]
    asked += ["--kubeconfig", cluster.kubeconfig, "--kubectl", command("kubectl")]
    with tempfile.TemporaryDirectory() as folder:
        values = Path(folder, "values.yaml")
        asked += ["--file", values] if tool == GENVALUES else []
        done = subprocess.run(list(map(str, asked)), capture_output=True, text=True, check=False)
        if done.returncode:
            raise FailedError(f"{tool} failed: {done.stdout or done.stderr}")
        said: dict[str, Any] = json.loads(done.stdout)
        if tool == GENVALUES:
            # The nodes where a tier may not run are the others', with the reason.
            kept = {key: said[key] for key in ("values", "nodes", "warnings", "unread")}
            return {**kept, "file": values.read_text()}
    layers = [(layer["layer"], layer["state"]) for layer in said["layers"]]
    return {key: value for key, value in said.items() if key not in _MEASURED} | {"layers": layers}


def _seconds(cluster: Cluster, *arguments: str) -> float:
    began = time.monotonic()
    output([command("kubectl"), *arguments], env=cluster.env())
    return time.monotonic() - began


def _differences(first: Turn, rest: list[Turn]) -> list[str]:
    """Return what the tools do not say alike in all turns."""
    return sorted(
        {
            f"{tool}: {key}"
            for turned in rest
            for tool, said in first.said.items()
            for key in said
            if turned.said[tool][key] != said[key]
        }
    )


def _all(turns: list[Turn], what: str) -> list[float]:
    return [second for turned in turns for second in turned.seconds[what]]


def _medians(without: list[Turn], within: list[Turn]) -> tuple[list[str], list[float], list[float]]:
    """Return each measurement, its median seconds with the others, and the ratio of the two medians."""
    seconds = [statistics.median(_all(within, what)) for what in TIMES]
    before = [statistics.median(_all(without, what)) for what in TIMES]
    return list(TIMES), seconds, [one / other for one, other in zip(seconds, before, strict=True)]


def _reached(what: str, seconds: float, ratio: float) -> bool:
    aim = AIMS[what]
    return ratio <= UNCHANGED if aim is None else seconds < aim


def _page(
    without: list[Turn], within: list[Turn], differ: list[str], brought: list[float], crowd: tuple[int, int]
) -> str:
    nodes, pods = crowd
    kwok = versions()["programs"]["kwok"]["module"].partition("@")[2]
    verdict = f"not the same: {', '.join(differ)}" if differ else "the same with and without"
    return f"""# A release among {nodes:,} nodes of others

Made by `make bench-scale` on the kind cluster of `make up`, topology multi, {setting()}.
Turns with {nodes:,} nodes and {pods:,} pods of others: {len(within)}; without them, around each:
{len(without)}.

- The nodes and pods of others are objects of the real API server. [kwok](https://kwok.sigs.k8s.io) {kwok}
  plays their kubelets: it renews the lease of each node every {LEASE / 4:g} s, a third as often as a kubelet,
  since the control plane shares the cores; and it says of each pod that it runs. The pods are in {SPACES}
  namespaces, with two containers each; a node has ten images in its status, and kwok's taint.
- The DaemonSet of the pods' network tolerates every taint: it puts one pod more on each of these nodes.
- A turn has {TIMES[GENVALUES]} calls of `genvalues`, {TIMES[DOCTOR]} of `doctor` and {TIMES[INSTALL]} of
  `helm install --wait` of a second release in a new namespace. The tools are whole processes, start-up
  included. kwok, the API server and both nodes share the machine's cores.

| what | without (s) | with (s) | with / without | aim |
| --- | ---: | ---: | ---: | --- |
{_rows(without, within)}

Figures are medians, with the least and the greatest in brackets. Each turn with the others is compared with
the two around it.

What the tools say is **{verdict}**: the values and the nodes that `genvalues`
proposes, and every finding, warning and remark of the `doctor`. Nodes with such a taint are proposed for
nothing, and nobody is asked at their addresses.

`kubectl get nodes,pods --all-namespaces --output=json` takes {spread(_all(within, "kubectl"))} s there:
kubectl decodes each object and prints it anew. `genvalues` lets it pass on the bytes of the API server
(`get --raw`). The others are there, all Ready, after {spread(brought, 0)} s. They are removed at the end,
also when the command is interrupted.
"""


def _rows(without: list[Turn], within: list[Turn]) -> str:
    rows = []
    for what in TIMES:
        around = [
            turned.median(what) / statistics.mean((before.median(what), after.median(what)))
            for turned, before, after in zip(within, without, without[1:], strict=False)
        ]
        cells = " | ".join(spread(_all(some, what), 2) for some in (without, within))
        aim = AIMS[what]
        wanted = f"less than {aim:g} s" if aim else f"unchanged (at most {UNCHANGED:.2f})"
        rows.append(f"| `{what}` | {cells} | {spread(around, 2)} | {wanted} |")
    return "\n".join(rows)


if __name__ == "__main__":
    run(main)
