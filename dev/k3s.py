#!/usr/bin/env python3
"""Makes the README's two machines of k3s: a server (laptop) and an agent (lab), each a container.

It does steps 1 to 4 of the README: server, token and agent, label, images. It prints the path of a
kubeconfig; steps 5 to 7 are the user's commands. `--remove` removes all of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from dev import ROOT
from dev.kind import docker as engine
from dev.kind.docker import client, docker
from dev.kind.images.pull import pull
from dev.kind.process import succeeds
from dev.kind.versions import cache_dir, versions
from mcapp import wait
from mcapp.cli import parser, run
from mcapp.config import DATABASE_LABEL, NODE_PORT
from mcapp.errors import Exit, FailedError
from mcapp.progress import step

NETWORK, PREFIX = "mcapp-k3s", "mcapp-k3s-"
SERVER, AGENT = "laptop", "lab"
API_PORT = 6443
READY_SECONDS = 180
KUBECONFIG = "/etc/rancher/k3s/k3s.yaml"
# k3s in a container needs these: https://docs.k3s.io/advanced#running-k3s-in-docker
MACHINE = ("--detach", "--privileged", "--tmpfs", "/run", "--tmpfs", "/var/run", "--network", NETWORK)


def main(arguments: Sequence[str]) -> Exit:
    """Make the two machines, or remove them."""
    options = parser("python -m dev.k3s", (__doc__ or "").splitlines()[0], "python -m dev.k3s")
    options.add_argument("--image", default=versions()["ci"]["k3s"], help="of k3s (default: %(default)s)")
    archive = ROOT / "dist" / "mcapp-images.tar"
    options.add_argument("--archive", type=Path, default=archive, help="what `make images` wrote")
    options.add_argument("--remove", action="store_true", help="remove both machines with their data")
    chosen = options.parse_args(arguments)
    engine.ensure()
    remove()
    if chosen.remove:
        return Exit.OK
    kubeconfig = make(chosen.image)
    for name in (SERVER, AGENT):
        with step(f"Step 4, images, on {name}"):
            docker("cp", chosen.archive, f"{PREFIX}{name}:/images.tar")
            docker("exec", f"{PREFIX}{name}", "ctr", "images", "import", "/images.tar")
    print(kubeconfig)
    return Exit.OK


def make(image: str) -> Path:
    """Start both machines and label the agent; return the path of a kubeconfig.

    Raises:
        UserError: the image cannot be pulled, or a machine does not become ready in three minutes.

    """
    with step(f"Pulling {image}"):
        pull(image)
    docker("network", "create", NETWORK)
    token = f"K3S_TOKEN={secrets.token_hex(16)}"
    with step("Step 1, the server"):
        ports = [word for port in (API_PORT, NODE_PORT) for word in ("--publish", f"127.0.0.1:{port}:{port}")]
        _start(SERVER, token, ports, image, "server", "--tls-san", "127.0.0.1")
    with step("Step 2, the agent"):
        url = ("--env", f"K3S_URL=https://{PREFIX}{SERVER}:{API_PORT}")
        _start(AGENT, token, url, image, "agent")
    with step("Step 3, the label"):
        if not wait.until(lambda: _ready() == {SERVER, AGENT}, READY_SECONDS, pause=1):
            raise FailedError(f"After {READY_SECONDS} s only {_ready() or 'none'} of the machines is Ready.")
        key, value = DATABASE_LABEL
        _kubectl("label", "node", AGENT, f"{key}={value}")
    kubeconfig = cache_dir() / "clusters" / NETWORK / "kubeconfig"
    kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    docker("cp", f"{PREFIX}{SERVER}:{KUBECONFIG}", kubeconfig)
    return kubeconfig


def remove() -> None:
    """Remove both machines, their data and their network, if they are there."""
    for name in (AGENT, SERVER):
        succeeds([client(), "rm", "--force", "--volumes", f"{PREFIX}{name}"])
    succeeds([client(), "network", "rm", NETWORK])


def _start(name: str, token: str, flags: Sequence[str], image: str, *words: str) -> None:
    named = ("--name", f"{PREFIX}{name}", "--hostname", name, "--env", token)
    docker("run", *MACHINE, *named, *flags, image, *words)


def _ready() -> set[str]:
    """Return the names of the nodes that are Ready; none before the API server answers."""
    words = [client(), "exec", f"{PREFIX}{SERVER}", "kubectl", "get", "nodes"]
    if not succeeds(words):
        return set()
    rows = (line.split() for line in _kubectl("get", "nodes", "--no-headers").splitlines())
    return {name for name, status, *_ in rows if status == "Ready"}


def _kubectl(*words: str) -> str:
    return docker("exec", f"{PREFIX}{SERVER}", "kubectl", *words)


if __name__ == "__main__":
    run(main)
