#!/usr/bin/env python3
"""Times an install by its address, from an empty cluster to the first row, and writes docs/bench-pull.md.

It makes a kind cluster of one node, and a registry beside it to which this commit is published. Nothing is
loaded by hand. Both are removed at the end.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measured import setting, spread
from dev import ROOT
from dev.dist import dist
from dev.kind import cluster as clusters
from dev.kind import docker, host
from dev.kind.images import node_image
from dev.kind.images.base import postgres_image
from dev.kind.images.platform import Platform
from dev.kind.images.source import Source
from dev.kind.network import IPV4
from dev.kind.process import logged, output, succeeds
from dev.kind.programs import command
from dev.kind.registry import LocalRegistry, registry
from dev.kind.release import Release
from dev.kind.shape import Shape
from dev.kind.versions import app_version, cache_dir, image
from dev.local.ports import free_port
from dev.publish import publish
from mcapp.cli import parser, run
from mcapp.errors import Exit
from mcapp.progress import step

PAGE = ROOT / "docs" / "bench-pull.md"
CLUSTER = "mcapp-bench"
ADD = (
    "import json, urllib.request as u; "
    "r = u.Request('http://localhost:8000/api/tasks', json.dumps({'title': 'first'}).encode(), "
    "{'Content-Type': 'application/json'}); print(u.urlopen(r).status)"
)
OURS = ("mcapp/web", "mcapp/api", "mcapp/db")
# What ours are compared with, where a registry on the internet answers.
OTHERS = ("python", "nginx", "postgres")
PODINFO = "ghcr.io/stefanprodan/podinfo:latest"


@dataclass(frozen=True)
class Turn:
    """Seconds from `helm install` until its pods are ready, and until the first row is written."""

    ready: float
    row: float


def main(arguments: Sequence[str]) -> Exit:
    """Publish, install on an empty cluster in turns, and write the page."""
    about = (__doc__ or "").splitlines()[0]
    options = parser("python -m bench.pull", about, "python -m bench.pull --rounds 3")
    options.add_argument("--rounds", type=int, default=3, help="clusters, one after the other (default: 3)")
    chosen = options.parse_args(arguments)
    host.lock(cache_dir() / "lock")
    docker.ensure()
    node = node_image(Source.BUILD)
    cluster = clusters.Cluster(CLUSTER)
    turns = []
    with tempfile.TemporaryDirectory() as folder:
        IPV4.ensure(node)
        with registry("mcapp-bench-registry", free_port()) as served:
            made = Path(folder, "dist")
            dist(made, served.name, Source.BUILD, list(Platform))
            publish(made, served.name, plain_http=True)
            database = image("postgres")
            served.mirror(postgres_image(Source.BUILD), f"library/{database}")
            for number in range(chosen.rounds):
                with step(f"Round {number + 1} of {chosen.rounds}"):
                    turns.append(_turn(cluster, served, node))
            sizes = dict(_sizes(served))
            archives = {path.name: path.stat().st_size for path in sorted(made.glob("*.tar"))}
    text = _page(turns, sizes, archives)
    PAGE.write_text(text)
    print(text)
    return Exit.OK


def _turn(cluster: clusters.Cluster, served: LocalRegistry, node: str) -> Turn:
    clusters.create(cluster, Shape("single", 1, "ipv4"), node, [], free_port())
    try:
        served.make_known(cluster)
        release = Release(cluster)
        began = time.monotonic()
        logged(
            "helm",
            [
                *(command("helm"), "install", "mcapp", f"oci://{served.name}/charts/mcapp"),
                *("--version", app_version(), "--namespace", "mcapp", "--create-namespace"),
                *("--set", "topology=single", "--plain-http", "--wait", "--timeout", "5m"),
            ],
            env=cluster.env(),
        )
        ready = time.monotonic() - began
        release.exec("deploy/api", "python", "-c", ADD)
        return Turn(ready, time.monotonic() - began)
    finally:
        clusters.delete(cluster)


def _sizes(served: LocalRegistry) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield what each image weighs compressed, in bytes, for each architecture that it has."""
    references = {name: f"{served.name}/{name}:{app_version()}" for name in OURS}
    references |= {image(name): image(name) for name in OTHERS} | {PODINFO: PODINFO}
    for name, reference in references.items():
        if succeeds([command("crane"), "manifest", reference], timeout=20):
            sizes = {}
            for platform in Platform:
                words = ("manifest", "--platform", platform, reference)
                if succeeds([command("crane"), *words], timeout=20):
                    sizes[platform.arch] = _weight(json.loads(output([command("crane"), *words])))
            yield name, sizes
        else:
            yield name, {}


def _weight(manifest: dict[str, Any]) -> int:
    return int(sum(layer["size"] for layer in manifest["layers"]) + manifest["config"]["size"])


def _commands() -> tuple[int, int]:
    """Return how many commands the README has for machines with k3s: the short way, and the long one."""
    section = (ROOT / "README.md").read_text().partition("\n## On real machines")[2].partition("\n## ")[0]
    blocks = [block.partition("```")[0] for block in section.split("```sh\n")[1:]]
    counts = [
        sum(1 for line in map(str.strip, block.splitlines()) if line and not line.startswith("#"))
        for block in blocks
    ]
    return counts[0], sum(counts[1:])


def _mib(count: int | None) -> str:
    return f"{count / 2**20:.1f}" if count else "-"


def _page(turns: list[Turn], sizes: dict[str, dict[str, int]], archives: dict[str, int]) -> str:
    rows = "\n".join(
        f"| {name} | {' | '.join(_mib(each.get(one.arch)) for one in Platform)} |"
        for name, each in sizes.items()
    )
    short, long = _commands()
    pulled = sum(sizes[name]["amd64"] for name in OURS[:2])
    carried = "\n".join(f"| `{name}` | {_mib(size)} |" for name, size in archives.items())
    median = statistics.median(turn.row for turn in turns)
    return f"""# From an empty cluster to the first row

Made by `make bench-pull`: a new kind cluster of one node, which has nothing of ours, and a registry in a
container beside it, to which this commit was published by `make publish`; {setting()}.

`helm install mcapp oci://REGISTRY/charts/mcapp --set topology=single --wait` pulls the chart and
{_mib(pulled)} MiB of images of ours, and PostgreSQL's. **The first row is written after {median:.0f} s.**

| rounds | until all pods are ready (s) | until the first row is written (s) |
| ---: | ---: | ---: |
| {len(turns)} | {spread([turn.ready for turn in turns])} | {spread([turn.row for turn in turns])} |

## What the images weigh, compressed (MiB)

| image | {" | ".join(one.arch for one in Platform)} |
| --- |{" ---: |" * len(Platform)}
{rows}

Ours are built from package registries on Debian, as `IMAGES=build` does. The lines of the official images,
and of podinfo, have figures where this command reaches a registry on the internet.

| the archive for machines without a registry | MiB |
| --- | ---: |
{carried}

## What a newcomer types

{short} commands on machines with k3s. The long way of the README has {long}: it also sets k3s up, and builds.
"""


if __name__ == "__main__":
    run(main)
