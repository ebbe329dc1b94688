"""The commands that make two machines one k3s cluster for the chart, in their order."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mcapp.config import DATABASE_LABEL
from mcapp.messages import Text
from mcapp.preflight import family, words
from mcapp.preflight.ports import API, CLUSTER_NETWORKS6, Backend, Role

_INSTALL = "curl -sfL https://get.k3s.io |"
_LABEL = "=".join(DATABASE_LABEL)
# By k3s' own quick start; without --agent-token it is a link to the token of the servers.
TOKEN_FILE = "/var/lib/rancher/k3s/server/node-token"  # noqa: S105 - a path, no password
_IMAGES = "/var/lib/rancher/k3s/agent/images"
_ARCHIVE = "mcapp-images.tar"
# A placeholder: only the running server knows its token.
TOKEN = "TOKEN-OF-THE-SERVER"  # noqa: S105 - a name, no password


class Machine(NamedTuple):
    """One of the two machines: its address, its node name if known, and flags for its interface."""

    address: str
    name: str = ""
    flags: Sequence[str] = ()


class Step(NamedTuple):
    """One command, on which machine, and what it is for."""

    machine: Text
    purpose: Text
    command: str


def steps(
    role: Role, here: Machine, there: Machine, etcd: bool, token: str = TOKEN, backend: Backend = "vxlan"
) -> Iterator[Step]:
    """Yield the commands; ``role`` is that of ``here``, and with ``etcd`` a server's peer is a server."""
    server, other = (here, there) if role == "server" else (there, here)
    second = role == "server" and etcd
    on_server = words.STEP_SERVER(address=server.address)
    on_other = (words.STEP_SECOND if second else words.STEP_AGENT)(address=other.address)
    url = f"https://{family.in_url(server.address)}:{API.number}"
    key = shlex.quote(token)

    plain = backend == "vxlan"
    networks = [*_networks(server.address), *([] if plain else ["--flannel-backend", backend])]
    first = _run("server", *(["--cluster-init"] if etcd else []), *_node(server), *networks)
    purpose = words.STEP_INSTALL_SERVER if plain else words.STEP_INSTALL_ENCRYPTED
    yield Step(on_server, purpose(), f"{_INSTALL} {first}")
    yield Step(on_server, words.STEP_TOKEN(), f"sudo cat {TOKEN_FILE}")
    if second:
        joined = _run("server", "--server", url, *_node(other), *networks)
        yield Step(on_other, words.STEP_INSTALL_SECOND(), f"{_INSTALL} K3S_TOKEN={key} {joined}")
    environment = f"K3S_URL={shlex.quote(url)} K3S_TOKEN={key}"
    agent_flags = [] if second else _node(other)
    joined = _run("agent", *agent_flags)
    on_agent = words.STEP_ANY_AGENT() if second else on_other
    yield Step(on_agent, words.STEP_INSTALL_AGENT(), f"{_INSTALL} {environment} {joined}")
    yield Step(on_server, words.STEP_LABEL(), _label("" if second else other.name, other, second))
    yield Step(words.ON_HERE(), words.STEP_MAKE(), "make images")
    target = shlex.quote(f"{family.in_url(there.address)}:")
    yield Step(words.ON_HERE(), words.STEP_COPY(), f"scp dist/{_ARCHIVE} {target}")
    for machine, archive in (
        (words.ON_HERE(), f"dist/{_ARCHIVE}"),
        (words.ON(machine=there.address), _ARCHIVE),
    ):
        yield Step(machine, words.STEP_IMAGES(), f"sudo install -D -m 644 -t {_IMAGES} {archive}")
        yield Step(machine, words.STEP_IMPORT(), f"sudo k3s ctr images import {archive}")


def _networks(address: str) -> list[str]:
    """Return the flags without which a server has networks of IPv4 alone."""
    if family.of(address) is family.IPV4:
        return []
    pods, services = CLUSTER_NETWORKS6
    return ["--cluster-cidr", pods, "--service-cidr", services]


def _run(*arguments: str) -> str:
    return f"sh -s - {shlex.join(arguments)}"


def _node(machine: Machine) -> list[str]:
    return list(machine.flags) or ["--node-ip", machine.address]


def _label(name: str, machine: Machine, unknown: bool) -> str:
    if unknown:
        node = "NODE-NAME"
    elif name:
        node = shlex.quote(name.lower())
    else:
        found = f'{{.items[?(@.status.addresses[0].address=="{machine.address}")].metadata.name}}'
        node = f"\"$(sudo k3s kubectl get nodes -o jsonpath='{found}')\""
    return f"sudo k3s kubectl label node {node} {_LABEL} --overwrite"
