#!/usr/bin/env python3
"""Brings the three tiers up on a kind cluster of this machine; `make up` runs it."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from dev import ROOT
from dev.kind import cluster as clusters
from dev.kind import commands, docker, host
from dev.kind.images import all_images
from dev.kind.images.pull import require
from dev.kind.images.source import SOURCES, choose_source
from dev.kind.network import NETWORKS
from dev.kind.process import logged, together
from dev.kind.programs import command, program
from dev.kind.release import HA_NODES, Release
from dev.kind.shape import Shape
from dev.kind.versions import CLUSTER, cache_dir
from dev.options import db_nodes
from mcapp.cli import emit_json, parser, run
from mcapp.config import NODE_PORT
from mcapp.errors import Exit, UserError
from mcapp.messages import announce
from mcapp.progress import step

DISK_GIB = 15
PACKAGES = ("iproute2", "iptables")


def main(arguments: Sequence[str]) -> Exit:
    """Make the cluster, its images and its values, install the chart, test it, and say where it is."""
    options = _options()
    chosen = options.parse_args(arguments)
    if chosen.topology == "single" and chosen.db_nodes > 1:
        raise UserError("--db-nodes is for topology multi.", "Leave it out, or ask for --topology multi.")

    started = time.monotonic()
    cluster = clusters.Cluster(chosen.cluster)
    prepare(cluster, chosen.port)
    source = choose_source(chosen.images)
    fresh = not clusters.exists(cluster)
    own_node = fresh and not chosen.node_image
    images, node_image = all_images(source, ha=chosen.db_nodes >= HA_NODES, node=own_node)
    wanted = list(images.values())
    if fresh:
        image = chosen.node_image or node_image
        if chosen.node_image:
            require(chosen.node_image)
        shape = Shape(chosen.topology, chosen.db_nodes, chosen.ip_family)
        clusters.create(cluster, shape, image, wanted, chosen.port)
    else:
        _require_same(cluster, chosen.topology, chosen.port, chosen.node_image)
        _require_family(cluster, chosen.ip_family)
        _require_nodes(cluster, chosen.topology, chosen.db_nodes)
        clusters.resume(cluster)
    loaded = clusters.load(cluster, wanted)

    release = Release(cluster)
    if loaded and release.exists():
        release.restart(*(tier for tier, item in images.items() if item in loaded))
    changed = release.apply(_values(cluster, chosen.topology))
    release.wait()
    if (changed or loaded) and not chosen.no_test:
        release.test()
    _report(cluster, chosen.port, chosen.output, time.monotonic() - started)
    return Exit.OK


def _options() -> ArgumentParser:
    options = parser("python -m dev.up", __doc__ or "", "python -m dev.up --topology multi")
    options.add_argument(
        "--topology", choices=("multi", "single"), default="multi", help="one node or several"
    )
    options.add_argument(
        "--db-nodes",
        type=db_nodes,
        default=1,
        metavar="N",
        help="nodes for the database in topology multi; on three of them and more it runs in mode ha",
    )
    options.add_argument(
        "--images",
        choices=SOURCES,
        default="auto",
        help="where images come from: a registry, or built here from package registries",
    )
    options.add_argument("--port", type=_port, default=NODE_PORT, help="port of 127.0.0.1 for the page")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument(
        "--node-image", metavar="IMAGE", help="of kind's nodes, for another version of Kubernetes"
    )
    options.add_argument(
        "--ip-family",
        choices=NETWORKS,
        default="ipv4",
        help="of the pods and Services: IPv4, IPv6, or both (default: %(default)s)",
    )
    options.add_argument("--no-test", action="store_true", help="leave out `helm test`")
    options.add_argument("--output", choices=("text", "json"), default="text", help="how the result is shown")
    return options


def prepare(cluster: clusters.Cluster, port: int) -> None:
    """Check what the machine must have, make the Docker engine answer, and make what every run needs."""
    docker.require()
    host.lock(cache_dir() / "lock")
    if not cluster.kubeconfig.exists():
        host.require_free_port(port)
        host.require_disk(cache_dir(), DISK_GIB)
    clusters.use_only_own_kubeconfig()
    if host.is_root():
        host.install(PACKAGES)
    together(docker.ensure, lambda: [program(name) for name in ("helm", "kind")])


def _require_same(cluster: clusters.Cluster, topology: str, port: int, node_image: str | None) -> None:
    there = clusters.topology_of(cluster)
    if there != topology:
        raise UserError(
            f"Cluster {cluster.name} is there with topology {there}, and {topology} is asked for.",
            f"Run {_down(cluster)}, or `{commands.up(cluster.name, 'TOPOLOGY', there)}`.",
        )
    if (used := clusters.port_of(cluster)) != port:
        raise UserError(
            f"Cluster {cluster.name} serves the page on port {used}, and {port} is asked for.",
            f"Run `{commands.up(cluster.name, 'PORT', used)}`, or {_down(cluster)}.",
        )
    if node_image and (used_image := clusters.node_image_of(cluster)) != node_image:
        raise UserError(
            f"Cluster {cluster.name} has nodes of {used_image}, and {node_image} is asked for.",
            f"Run {_down(cluster)}.",
        )


def _require_family(cluster: clusters.Cluster, ip_family: str) -> None:
    there = clusters.ip_family_of(cluster)
    if there != ip_family:
        raise UserError(
            f"Cluster {cluster.name} is there with IP family {there}, and {ip_family} is asked for.",
            f"Run `{commands.up(cluster.name, 'IP_FAMILY', there)}`, or {_down(cluster)}.",
        )


def _require_nodes(cluster: clusters.Cluster, topology: str, db_nodes: int) -> None:
    if topology == "multi" and (there := len(cluster.containers()) - 1) != db_nodes:
        raise UserError(
            f"Cluster {cluster.name} has {there} node(s) for the database, and {db_nodes} are asked for.",
            f"Run `{commands.up(cluster.name, 'DB_NODES', there)}`, or {_down(cluster)}.",
        )


def _down(cluster: clusters.Cluster) -> str:
    return f"`{commands.down(cluster.name)}` first (it deletes the cluster and its data)"


def _values(cluster: clusters.Cluster, topology: str) -> Path:
    """Let genvalues.py discover the nodes and write the values file, as a user would."""
    values = ROOT / f"values-{topology}.yaml"
    if cluster.name != CLUSTER:
        values = cluster.kubeconfig.with_name(values.name)
    with step(f"python scripts/genvalues.py --topology {topology} --file {values.name}"):
        logged(
            "genvalues",
            [
                *("python3", ROOT / "scripts" / "genvalues.py", "--topology", topology),
                *("--kubeconfig", cluster.kubeconfig, "--kubectl", command("kubectl"), "--file", values),
            ],
        )
    return values


def _report(cluster: clusters.Cluster, port: int, form: str, seconds: float) -> None:
    placed = {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in Release(cluster).pods()}
    urls = [f"http://localhost:{port}", *cluster.urls()]
    if form == "json":
        emit_json({"urls": urls, "pods": placed, "kubeconfig": str(cluster.kubeconfig), "seconds": seconds})
        return
    announce(f"\nUp in {seconds:.0f} s.")
    print("The page:   " + "  ".join(urls))
    print("The pods:")
    for pod, node in placed.items():
        print(f"  {pod:28} on {node}")
    print(f"kubectl:    export KUBECONFIG={cluster.kubeconfig}")
    print(f"            export PATH={command('kubectl').parent}:{command('helm').parent}:$PATH")
    print(f"To stop:    {commands.down(cluster.name)}   (deletes the cluster and its data)")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise UserError(f"{text!r} is no port.", "A port is a number from 1 to 65535.")
    return int(text)


if __name__ == "__main__":
    run(main)
