#!/usr/bin/env python3
"""Fills a lecture hall with viewers, and writes docs/bench-hall.md.

It uses the cluster of `make up`. The viewers are one process (dev/load/hall.py); beside them real tabs of
Chromium keep the page open. All of it shares the machine with the cluster. It deletes its rows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.measured import setting
from bench.screenshots import CHROMIUM, PACKAGES
from bench.speed.cores import busy_seconds, cpu_seconds, tree
from dev import ROOT
from dev.kind import host
from dev.kind.cluster import existing
from dev.kind.release import Release
from dev.kind.versions import CLUSTER
from dev.load.hall import CONNECTIONS, HEAD_EVERY, SETTLED_SECONDS, WATCHING, WRITE_SECONDS, WRITERS_EVERY
from dev.load.soak import memory
from mcapp.cli import parser, run
from mcapp.errors import Exit
from mcapp.progress import step

PAGE = ROOT / "docs" / "bench-hall.md"
VIEWERS = (100, 300, 1000)
TIERS = ("web", "api", "db")
PARTS = (*TIERS, "viewers", "tabs")
TABS = 10
LOOK_SECONDS = 15.0
# A tab is live if its latest answer is not older than this number of its periods.
PERIODS = 3
# Microseconds, where the node has control groups of version 2, and of version 1.
_CPU = """cd /sys/fs/cgroup
sed -n 's/^usage_usec //p' cpu.stat 2>/dev/null || echo $(($(cat cpuacct/cpuacct.usage) / 1000))"""
_CONNECTIONS = "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == \"01\"' | wc -l"
_AGE = """() => {
  const asked = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("api/topology"));
  const last = Math.max(...asked.map((one) => one.responseEnd));
  performance.setResourceTimingBufferSize(10000);
  return { age: performance.now() - last, state: document.querySelector(".status").dataset.state };
}"""


@dataclass(frozen=True)
class Evening:
    """One filled hall: what its viewers met, the CPU of each part (cores), connections, memory (MiB)."""

    viewers: int
    met: dict[str, Any]
    cpu: dict[str, float]
    connections: int
    memory: dict[str, float]
    looks: int
    live: int


def main(arguments: Sequence[str]) -> Exit:
    """Fill the hall with each number of viewers, write the page, and fail if a viewer met an error."""
    options = parser("python -m bench.hall", __doc__ or "", "python -m bench.hall --viewers 300")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--viewers", type=int, nargs="+", default=VIEWERS, help="how many, one or more")
    options.add_argument("--seconds", type=float, default=120, help="how long each (default: 120)")
    chosen = options.parse_args(arguments)
    cluster = existing(chosen.cluster)
    release = Release(cluster)
    host.require_root("This bench")
    host.install(PACKAGES)
    evenings = []
    for viewers in chosen.viewers:
        with step(f"{viewers} viewers"):
            evenings.append(_evening(release, cluster.urls()[0], viewers, chosen.seconds))
    text = _page(evenings, chosen.seconds)
    PAGE.write_text(text)
    print(text)
    errors = sum(kind["errors"] for evening in evenings for kind in evening.met["kinds"].values())
    return Exit.FAILED if errors else Exit.OK


def _evening(release: Release, url: str, viewers: int, seconds: float) -> Evening:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        # What moves on the page takes a core of this machine for ten tabs; in a hall each has its own.
        tabs = [browser.new_context(reduced_motion="reduce").new_page() for _ in range(TABS)]
        for tab in tabs:
            tab.goto(url)
        drivers = tree(os.getpid())[1:2]
        before, began = _used(release, drivers), time.monotonic()
        words = [sys.executable, "-m", "dev.load.hall", f"--url={url}", f"--viewers={viewers}"]
        process = subprocess.Popen(
            [*words, f"--seconds={seconds}"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        looks, connections = [], 0
        while process.poll() is None:
            tabs[0].wait_for_timeout(1000 * LOOK_SECONDS)
            looks += [_is_live(tab) for tab in tabs]
            # A command in each pod of web costs as much as some seconds of a viewer: once is enough.
            connections = connections or _connections(release)
        passed = time.monotonic() - began
        after, mib = _used(release, drivers), memory(release)
        browser.close()
    met = json.loads(process.communicate()[0])
    release.sql(f"DELETE FROM app.tasks WHERE starts_with(title, '{met['prefix']}')")  # noqa: S608
    cpu = {part: (after[part] - before[part]) / passed for part in before} | {"viewers": met["cpu"] / passed}
    cpu["others"] = cpu.pop("all") - sum(cpu[part] for part in PARTS)
    return Evening(viewers, met, cpu, connections, mib, len(looks), sum(looks))


def _is_live(tab: Page) -> bool:
    seen = tab.evaluate(_AGE)
    # What the page asks for is the answer's to say; it shows it from 3 s on.
    shown = tab.locator("#pace").inner_text()
    period = float("".join(filter(str.isdigit, shown)) or 2)
    return bool(seen["state"] == "ok" and seen["age"] <= 1000 * PERIODS * period)


def _used(release: Release, drivers: Sequence[int]) -> dict[str, float]:
    """Return the CPU time of each tier's pods, of the tabs, and of all that this machine runs, in seconds."""
    pods = {tier: [pod["metadata"]["name"] for pod in release.pods(tier)] for tier in TIERS}
    tiers = {
        tier: sum(int(release.exec(name, "sh", "-c", _CPU)) for name in pods[tier]) / 1e6 for tier in TIERS
    }
    return {**tiers, "tabs": cpu_seconds(drivers), "all": sum(busy_seconds())}


def _connections(release: Release) -> int:
    pods = [pod["metadata"]["name"] for pod in release.pods("web")]
    return sum(int(release.exec(name, "sh", "-c", _CONNECTIONS)) for name in pods)


def _page(evenings: list[Evening], seconds: float) -> str:
    return f"""# How many people one laptop serves

Made by `make bench-hall`: a kind cluster in topology multi with one database and the chart's defaults, the
viewers and the browsers on one machine, {setting()}.

- The viewers open the page at one moment, over up to {CONNECTIONS} connections each, and watch it for
  {seconds:g} s: the topology as often as its answer asks for, the newest tasks at every {HEAD_EVERY}rd
  turn. Each {WRITERS_EVERY}th one adds a task in {WRITE_SECONDS:g} s and ticks it.
- **Page** is the page with its scripts and styles, all of it, while everybody else loads it too. **First** is
  the first topology of each viewer: they all want it at the same moment. **Topology** is each later one, and
  **{WATCHING}** those that were asked for more than {SETTLED_SECONDS:g} s after the start.
- An error is an answer that is not right, or none within 15 s. A read is sent once more where the server
  closed a connection that had been open, as a browser does.
- {TABS} tabs of Chromium had the page open. Each was looked at every {LOOK_SECONDS:g} s: **live** is a
  picture that says that all is well, with an answer no older than {PERIODS} of its periods.

| viewers | kind | requests | errors | median (s) | p99 (s) | worst (s) |
| ---: | --- | ---: | ---: | ---: | ---: | ---: |
{_kinds(evenings)}

| viewers | the page asks every (s) | connections of web | memory of web | of api (MiB) | live looks |
| ---: | ---: | ---: | ---: | ---: | ---: |
{_tiers(evenings)}

Where the cores' time went, in cores. The others are what the cluster itself runs (the API server, etcd, the
kubelets, the network), and this bench.

| viewers | {" | ".join(PARTS)} | others |
| ---: |{" ---: |" * (len(PARTS) + 1)}
{_cores(evenings)}

The aims: no error; a p99 of the topology of 0.3 s with 300 viewers, and of 1 s with 1,000.
"""


def _kinds(evenings: list[Evening]) -> str:
    return "\n".join(
        f"| {evening.viewers} | {kind} | {one['count']} | {one['errors']} | {one['median']:.3f} "
        f"| {one['p99']:.3f} | {one['worst']:.3f} |"
        for evening in evenings
        for kind, one in evening.met["kinds"].items()
    )


def _tiers(evenings: list[Evening]) -> str:
    rows = []
    for one in evenings:
        most = [
            max((mib for name, mib in one.memory.items() if name.startswith(tier)), default=0)
            for tier in TIERS[:2]
        ]
        cells = [
            one.viewers,
            f"{one.met['wait']:.1f}",
            one.connections,
            *(f"{mib:.0f}" for mib in most),
            f"{one.live} of {one.looks}",
        ]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def _cores(evenings: list[Evening]) -> str:
    parts = (*PARTS, "others")
    return "\n".join(
        f"| {one.viewers} | {' | '.join(f'{one.cpu[part]:.2f}' for part in parts)} |" for one in evenings
    )


if __name__ == "__main__":
    run(main)
