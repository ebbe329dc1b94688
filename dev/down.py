#!/usr/bin/env python3
"""Deletes the kind cluster of `make up` with its data; `make down` runs it."""

from __future__ import annotations

from collections.abc import Sequence

from dev.kind import cluster as clusters
from dev.kind import docker, host
from dev.kind.versions import CLUSTER, cache_dir
from mcapp.cli import parser, run
from mcapp.errors import Exit
from mcapp.messages import announce
from mcapp.progress import step


def main(arguments: Sequence[str]) -> Exit:
    """Delete the cluster. The built images stay in the cache for the next time."""
    options = parser("python -m dev.down", __doc__ or "", "python -m dev.down")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    chosen = options.parse_args(arguments)

    host.lock(cache_dir() / "lock")
    clusters.use_only_own_kubeconfig()
    cluster = clusters.Cluster(chosen.cluster)
    docker.ensure()
    if clusters.exists(cluster):
        with step(f"Deleting kind cluster {cluster.name}"):
            clusters.delete(cluster)
    else:
        announce(f"There is no cluster {cluster.name}.")
    if docker.is_own() and not clusters.any_left():
        docker.stop_own()
    return Exit.OK


if __name__ == "__main__":
    run(main)
