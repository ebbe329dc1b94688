"""A kind cluster: create it, load images into it, start it again, delete it."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.kind import commands, host
from dev.kind.docker import docker, ensure
from dev.kind.images.source import Image
from dev.kind.images.transfer import import_into
from dev.kind.network import IPV4, IPV6, NETWORKS, Network, node_count
from dev.kind.process import logged, output, succeeds, together
from dev.kind.programs import command
from dev.kind.shape import Shape
from dev.kind.versions import CLUSTER, cache_dir
from mcapp import wait
from mcapp.config import NODE_PORT
from mcapp.errors import UserError
from mcapp.images.archive import full
from mcapp.kube.hostport import hostport
from mcapp.progress import step

READY_SECONDS = 180
# More nodes than this need more inotify instances than the kernel allows by default.
FEW_NODES = 2


@dataclass(frozen=True)
class Cluster:
    """A kind cluster by name. Its kubeconfig is a file of its own."""

    name: str = CLUSTER

    @property
    def kubeconfig(self) -> Path:
        """The cluster's kubeconfig: never ~/.kube/config, never $KUBECONFIG."""
        return cache_dir() / "clusters" / self.name / "kubeconfig"

    def env(self) -> dict[str, str]:
        """Return the environment variables that point kubectl and helm at this cluster."""
        return {"KUBECONFIG": str(self.kubeconfig)}

    def kubectl(self, *arguments: str) -> str:
        """Run a quick kubectl command and return its standard output, stripped."""
        return output([command("kubectl"), *arguments], env=self.env())

    def get(self, *what: str) -> dict[str, Any]:
        """Return objects as `kubectl get -o json` gives them."""
        document: dict[str, Any] = json.loads(self.kubectl("get", *what, "--output", "json"))
        return document

    def addresses(self) -> list[str]:
        """Return the addresses of each node on the nodes' network, of every IP family that it has."""
        return [
            entry["address"]
            for node in self.get("nodes")["items"]
            for entry in node["status"]["addresses"]
            if entry["type"] == "InternalIP"
        ]

    def urls(self, port: int = NODE_PORT) -> list[str]:
        """Return the address of a NodePort at each address of each node."""
        return [f"http://{hostport(address, port)}" for address in self.addresses()]

    def network(self) -> Network:
        """Return the Docker network on which the nodes are."""
        joined = docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", self.containers()[0])
        return IPV6 if IPV6.name in json.loads(joined) else IPV4

    def containers(self, *, running_only: bool = False) -> list[str]:
        """Return the names of the node containers, the control plane first."""
        every = [] if running_only else ["--all"]
        names = docker(
            "ps", *every, "--filter", f"label=io.x-k8s.kind.cluster={self.name}", "--format", "{{.Names}}"
        )
        return sorted(names.splitlines())


def create(cluster: Cluster, shape: Shape, node_image: str | None, images: list[Image], port: int) -> None:
    """Create the cluster. The images go on the nodes while these become ready.

    Raises:
        UserError: the port is taken, or a node does not become ready; the cluster is deleted then.

    """
    host.require_free_port(port)
    if node_count() + shape.nodes > FEW_NODES:
        host.raise_watches()
    NETWORKS[shape.ip_family].ensure(node_image or "")
    cluster.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    config = cluster.kubeconfig.with_name("kind.yaml")
    config.write_text(yaml.safe_dump(shape.kind_config(port), sort_keys=False))
    arguments: list[str | Path] = ["--name", cluster.name, "--config", config]
    image = ["--image", node_image] if node_image else []
    with step(f"Creating kind cluster {cluster.name} (nodes: {shape.nodes})"):
        try:
            logged(
                "kind",
                [
                    command("kind"),
                    "create",
                    "cluster",
                    *arguments,
                    *image,
                    "--kubeconfig",
                    cluster.kubeconfig,
                ],
                env=_kind_env(NETWORKS[shape.ip_family]),
            )
            _keep_dns_inside(cluster)
            together(lambda: wait_ready(cluster), lambda: load(cluster, images))
        except BaseException:
            delete(cluster)
            raise


def exists(cluster: Cluster) -> bool:
    """Tell whether the cluster has node containers, running or stopped."""
    return bool(cluster.containers())


def existing(name: str) -> Cluster:
    """Return the cluster of this name, after the Docker engine has been started where it was not running.

    Raises:
        UserError: no cluster has this name.

    """
    ensure()
    cluster = Cluster(name)
    if not exists(cluster):
        raise UserError(f"There is no cluster {name}.", f"Run `{commands.up(name)}` first.")
    return cluster


def topology_of(cluster: Cluster) -> str:
    """Return the topology of an existing cluster."""
    return "multi" if len(cluster.containers()) > 1 else "single"


def ip_family_of(cluster: Cluster) -> str:
    """Return the IP family of an existing cluster's pods and Services, as kind calls it."""
    config: dict[str, Any] = yaml.safe_load(cluster.kubeconfig.with_name("kind.yaml").read_text())
    return str((config.get("networking") or {}).get("ipFamily", "ipv4"))


def port_of(cluster: Cluster) -> int:
    """Return the port of this machine that leads to NodePort 30080."""
    bindings = json.loads(
        docker("inspect", "--format", "{{json .HostConfig.PortBindings}}", cluster.containers()[0])
    )
    return int(bindings[f"{NODE_PORT}/tcp"][0]["HostPort"])


def node_image_of(cluster: Cluster) -> str:
    """Return the reference of the image of an existing cluster's nodes."""
    return docker("inspect", "--format", "{{.Config.Image}}", cluster.containers()[0])


def resume(cluster: Cluster, *only: str) -> bool:
    """Start the stopped nodes of a cluster, or some of them, as after a reboot; tell whether there were any.

    It waits until all nodes are Ready; with `only`, those.
    """
    network = cluster.network()
    network.ensure()
    stopped = sorted(set(cluster.containers()) - set(cluster.containers(running_only=True)))
    if only:
        stopped = [node for node in stopped if node in only]
    if not stopped:
        return False
    if node_count() > FEW_NODES:
        host.raise_watches()
    with step(f"Starting the nodes of cluster {cluster.name} again: {', '.join(stopped)}"):
        for container in stopped:
            _keep_address(container, network)
            docker("start", container)
        wait_ready(cluster, *only)
    return True


def _keep_address(container: str, network: Network) -> None:
    """Give a node the addresses of its first start again, which its certificates and etcd hold."""
    conf = docker("cp", f"{container}:/kind/kubeadm.conf", "-")
    found = re.search(r"node-ip\s*:?\s*(?:\n\s*value:)?\s*\"?([0-9a-f.:,]+)", conf)
    if not found:
        return
    succeeds(["docker", "network", "disconnect", network.name, container])
    kept = [("--ip6" if ":" in one else "--ip", one) for one in found[1].split(",")]
    docker("network", "connect", *(word for pair in kept for word in pair), network.name, container)


def wait_ready(cluster: Cluster, *nodes: str) -> None:
    """Wait until every node (or each of `nodes`) is Ready and cluster DNS runs.

    Raises:
        UserError: this takes more than three minutes.

    """
    end = time.monotonic() + READY_SECONDS
    _wait_for(cluster, end, "wait", "--for=condition=Ready", "nodes", *(nodes or ("--all",)))
    _wait_for(cluster, end, "rollout", "status", "deployment/coredns", "--namespace", "kube-system")


def _wait_for(cluster: Cluster, end: float, *arguments: str) -> None:
    """Repeat a kubectl command that waits until it succeeds.

    An API server that has just started refuses connections, then refuses every user.
    """

    def succeeded() -> bool:
        left = max(1.0, end - time.monotonic())
        words = [str(command("kubectl")), *arguments, f"--timeout={left:.0f}s"]
        return succeeds(words, env=cluster.env(), timeout=left + 10)

    if not wait.until(succeeded, end - time.monotonic(), pause=1):
        # Once more, for the error that names the reason.
        cluster.kubectl(*arguments, "--timeout=1s")


def load(cluster: Cluster, images: list[Image]) -> list[Image]:
    """Put images on every node that lacks them; return the images that some node lacked."""
    containers = cluster.containers()

    def missing(container: str) -> list[Image]:
        listed = docker("exec", container, "ctr", "--namespace", "k8s.io", "images", "ls").splitlines()[1:]
        digests = {name: digest for name, _, digest, *_ in map(str.split, listed)}

        def present(item: Image) -> bool:
            # A node may hold this build while the name that the pods use points to a later one.
            own = digests.get(full(item.local))
            return own is not None and digests.get(full(item.reference)) == own

        return [item for item in images if not present(item)]

    wanted = {container: needed for container in containers if (needed := missing(container))}
    new = [item for item in images if any(item in needed for needed in wanted.values())]
    if new:
        names = ", ".join(item.reference for item in new)
        with step(f"Putting images on {len(wanted)} node(s): {names}"):
            import_into(list(wanted), new)
    return new


def delete(cluster: Cluster) -> None:
    """Delete the cluster, its volumes and its kubeconfig, and the network after the last cluster."""
    logged(
        "kind",
        [command("kind"), "delete", "cluster", "--name", cluster.name, "--kubeconfig", cluster.kubeconfig],
        env=_kind_env(IPV4),
    )
    for path in cluster.kubeconfig.parent.glob("*"):
        path.unlink()
    if cluster.kubeconfig.parent.exists():
        cluster.kubeconfig.parent.rmdir()
    for network in (IPV4, IPV6):
        network.remove_unused()


def any_left() -> bool:
    """Tell whether a node container of any of our clusters exists."""
    return node_count() > 0


def _kind_env(network: Network) -> dict[str, str]:
    return {"KIND_EXPERIMENTAL_DOCKER_NETWORK": network.name}


def _keep_dns_inside(cluster: Cluster) -> None:
    """Let cluster DNS answer for names of the cluster only; it refuses other names at once."""
    space = ("--namespace", "kube-system")
    corefile = cluster.get("configmap", "coredns", *space)["data"]["Corefile"]
    inside = re.sub(r"\n    forward [^{\n]*(\{[^}]*\})?", "", corefile)
    if inside == corefile:
        return
    patch = json.dumps({"data": {"Corefile": inside}})
    cluster.kubectl("patch", "configmap", "coredns", *space, "--type=merge", "--patch", patch)
    cluster.kubectl("rollout", "restart", "deployment/coredns", *space)


def use_only_own_kubeconfig() -> None:
    """Unset the user's KUBECONFIG for every program that this process starts."""
    os.environ.pop("KUBECONFIG", None)
