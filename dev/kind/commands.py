"""The commands for one cluster, as its developer types them."""

from __future__ import annotations

import shlex

from dev.kind.versions import CLUSTER

_PYTHON = ".venv/bin/python -m"


def up(cluster: str, variable: str = "", value: object = "") -> str:
    """Return the command that brings the cluster up, with one variable of `make up`."""
    given = variable and f"{variable}={value}"
    if cluster == CLUSTER:
        return f"make up {given}".strip()
    option = f"--{variable.lower().replace('_', '-')} {value}" if variable else ""
    return f"{_PYTHON} dev.up --cluster {shlex.quote(cluster)} {option}".strip()


def down(cluster: str) -> str:
    """Return the command that removes the cluster and its data."""
    return "make down" if cluster == CLUSTER else f"{_PYTHON} dev.down --cluster {shlex.quote(cluster)}"
