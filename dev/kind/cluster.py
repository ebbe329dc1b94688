"""The kind cluster: made, filled with images, kept inside the machine, and removed without a trace."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.kind import host
from dev.kind.docker import docker, ensure, lacking_capabilities
from dev.kind.images.source import Image
from dev.kind.images.transfer import full_reference, import_into
from dev.kind.process import logged, output, succeeds
from dev.kind.programs import command
from dev.kind.versions import CLUSTER, cache_dir
from mcapp.config import DATABASE_LABEL, NODE_PORT
from mcapp.errors import FailedError, UserError
from mcapp.progress import step

NETWORK = "mcapp"
BRIDGE = "br-mcapp"
READY_SECONDS = 180
# For more nodes than these the kernel's usual limits are too low.
FEW_NODES = 2


@dataclass(frozen=True)
class Cluster:
    """A kind cluster by name; its kubeconfig is a file of its own."""

    name: str = CLUSTER

    @property
    def kubeconfig(self) -> Path:
        """The cluster's kubeconfig: never ~/.kube/config, never $KUBECONFIG."""
        return cache_dir() / "clusters" / self.name / "kubeconfig"

    def env(self) -> dict[str, str]:
        """Return the environment in which kubectl and helm speak to this cluster and no other."""
        return {"KUBECONFIG": str(self.kubeconfig)}

    def kubectl(self, *arguments: str) -> str:
        """Run a quick kubectl command and return what it printed."""
        return output([command("kubectl"), *arguments], env=self.env())

    def get(self, *what: str) -> dict[str, Any]:
        """Return objects as `kubectl get -o json` gives them."""
        document: dict[str, Any] = json.loads(self.kubectl("get", *what, "--output", "json"))
        return document

    def addresses(self) -> list[str]:
        """Return the address at which the other nodes and this machine reach each node."""
        return [
            entry["address"]
            for node in self.get("nodes")["items"]
            for entry in node["status"]["addresses"]
            if entry["type"] == "InternalIP"
        ]

    def containers(self, *, running_only: bool = False) -> list[str]:
        """Return the names of the node containers; the control-plane stands first."""
        every = [] if running_only else ["--all"]
        names = docker(
            "ps", *every, "--filter", f"label=io.x-k8s.kind.cluster={self.name}", "--format", "{{.Names}}"
        )
        return sorted(names.splitlines())


def create(cluster: Cluster, topology: str, node_image: str | None, port: int, db_nodes: int = 1) -> None:
    """Create the cluster: one node for single; for multi a laptop and lab machines with role=database.

    Raises:
        UserError: the port is taken, or a node does not come up; nothing is left of the cluster then.

    """
    host.require_free_port(port)
    nodes = 1 + db_nodes if topology == "multi" else 1
    if _nodes_there() + nodes > FEW_NODES:
        host.raise_watches()
    _ensure_network()
    cluster.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    config = cluster.kubeconfig.with_name("kind.yaml")
    config.write_text(yaml.safe_dump(_kind_config(topology, port, db_nodes), sort_keys=False))
    arguments: list[str | Path] = ["--name", cluster.name, "--config", config]
    image = ["--image", node_image] if node_image else []
    with step(f"Creating kind cluster {cluster.name} (nodes: {nodes})"):
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
                env=_kind_env(),
            )
            _keep_dns_inside(cluster)
            wait_ready(cluster)
        except BaseException:
            delete(cluster)
            raise


def exists(cluster: Cluster) -> bool:
    """Tell whether the cluster has been made, whether or not its nodes run."""
    return bool(cluster.containers())


def existing(name: str) -> Cluster:
    """Return a cluster that has been made, with the engine below it running.

    Raises:
        UserError: there is none of this name.

    """
    ensure()
    cluster = Cluster(name)
    if not exists(cluster):
        raise UserError(f"There is no cluster {name}.", "Run `make up` first.")
    return cluster


def topology_of(cluster: Cluster) -> str:
    """Return the topology for which an existing cluster was made."""
    return "multi" if len(cluster.containers()) > 1 else "single"


def port_of(cluster: Cluster) -> int:
    """Return the port of this machine that leads to NodePort 30080."""
    bindings = json.loads(
        docker("inspect", "--format", "{{json .HostConfig.PortBindings}}", cluster.containers()[0])
    )
    return int(bindings[f"{NODE_PORT}/tcp"][0]["HostPort"])


def node_image_of(cluster: Cluster) -> str:
    """Return the reference of the image that an existing cluster's nodes were made from."""
    return docker("inspect", "--format", "{{.Config.Image}}", cluster.containers()[0])


def resume(cluster: Cluster) -> bool:
    """Start the nodes of a cluster that was stopped, as after a reboot; tell whether that was needed."""
    _ensure_network()
    stopped = sorted(set(cluster.containers()) - set(cluster.containers(running_only=True)))
    if not stopped:
        return False
    if _nodes_there() > FEW_NODES:
        host.raise_watches()
    with step(f"Starting the nodes of cluster {cluster.name} again: {', '.join(stopped)}"):
        for container in stopped:
            # A node's certificates and etcd know it by the address of its first start.
            found = re.search(
                r"node-ip\s*:?\s*(?:\n\s*value:)?\s*\"?([0-9.]+)",
                docker("cp", f"{container}:/kind/kubeadm.conf", "-"),
            )
            if found:
                succeeds(["docker", "network", "disconnect", NETWORK, container])
                docker("network", "connect", "--ip", found[1], NETWORK, container)
            docker("start", container)
        wait_ready(cluster)
    return True


def wait_ready(cluster: Cluster) -> None:
    """Wait for every node to be Ready and for cluster DNS to answer.

    Raises:
        UserError: they are not within three minutes.

    """
    waits = (
        ("wait", "--for=condition=Ready", "nodes", "--all"),
        ("-n", "kube-system", "rollout", "status", "deployment/coredns"),
    )
    until = time.monotonic() + READY_SECONDS
    for arguments in waits:
        while True:
            try:
                cluster.kubectl(*arguments, f"--timeout={max(1, until - time.monotonic()):.0f}s")
                break
            except UserError:
                # An API server that has just started refuses connections, then knows nobody's rights.
                if time.monotonic() > until:
                    raise
                time.sleep(1)


def load(cluster: Cluster, images: list[Image]) -> list[Image]:
    """Put images on every node that does not have them; return those that were new to some node."""
    containers = cluster.containers()

    def missing(container: str) -> list[Image]:
        listed = docker("exec", container, "ctr", "--namespace", "k8s.io", "images", "ls").splitlines()[1:]
        digests = {name: digest for name, _, digest, *_ in map(str.split, listed)}

        def there(item: Image) -> bool:
            # A node may have kept this build from earlier, while the pods' name means a later one.
            own = digests.get(full_reference(item.local))
            return own is not None and digests.get(full_reference(item.reference)) == own

        return [item for item in images if not there(item)]

    wanted = {container: needed for container in containers if (needed := missing(container))}
    new = [item for item in images if any(item in needed for needed in wanted.values())]
    if new:
        names = ", ".join(item.reference for item in new)
        with step(f"Putting images on {len(wanted)} node(s): {names}"):
            import_into(list(wanted), new)
    return new


def delete(cluster: Cluster) -> None:
    """Remove the cluster, its volumes and its kubeconfig; and the network when no cluster is left on it."""
    logged(
        "kind",
        [command("kind"), "delete", "cluster", "--name", cluster.name, "--kubeconfig", cluster.kubeconfig],
        env=_kind_env(),
    )
    for path in cluster.kubeconfig.parent.glob("*"):
        path.unlink()
    if cluster.kubeconfig.parent.exists():
        cluster.kubeconfig.parent.rmdir()
    if not any_left():
        _wall("-D")
        succeeds(["docker", "network", "rm", NETWORK])


def any_left() -> bool:
    """Tell whether a node container of any cluster of ours is left on our network."""
    return _nodes_there() > 0


def _nodes_there() -> int:
    return len(docker("ps", "--all", "--quiet", "--filter", f"network={NETWORK}").splitlines())


def _kind_env() -> dict[str, str]:
    return {"KIND_EXPERIMENTAL_DOCKER_NETWORK": NETWORK}


def _kind_config(topology: str, port: int, db_nodes: int) -> dict[str, Any]:
    # Where no capability is withheld and cgroups are version 2, kubelet needs none of these.
    kubelet: dict[str, Any] = {"kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1"}
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        kubelet["failCgroupV1"] = False
    if "CAP_SYS_RESOURCE" in lacking_capabilities():
        kubelet["featureGates"] = {"KubeletInUserNamespace": True}
    # The laptop is the server and runs web and api too.
    untainted = {"kind": "InitConfiguration", "nodeRegistration": {"taints": []}}
    laptop: dict[str, Any] = {
        "role": "control-plane",
        "extraPortMappings": [{"containerPort": NODE_PORT, "hostPort": port, "listenAddress": "127.0.0.1"}],
    }
    nodes = [laptop]
    if topology == "multi":
        laptop["kubeadmConfigPatches"] = [yaml.safe_dump(untainted)]
        nodes += [{"role": "worker", "labels": dict([DATABASE_LABEL])} for _ in range(db_nodes)]
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "kubeadmConfigPatches": [yaml.safe_dump(kubelet)],
        "nodes": nodes,
    }


def _ensure_network() -> None:
    """Make the nodes' network, and the rule that lets nothing of theirs out of this machine."""
    if not succeeds(["docker", "network", "inspect", NETWORK]):
        name = f"com.docker.network.bridge.name={BRIDGE}"
        subnet = _free_subnet()
        docker("network", "create", "--driver", "bridge", "--subnet", subnet, "--opt", name, NETWORK)
    if not _wall("-C"):
        _wall("-I")


def _free_subnet() -> str:
    """Return a /24 that no route of this machine covers; a fixed subnet lets nodes keep their addresses."""
    taken = output(["ip", "-4", "route", "show"])
    for third in range(250, 200, -1):
        if f"172.30.{third}." not in taken:
            return f"172.30.{third}.0/24"
    raise FailedError("No free subnet below 172.30.0.0/16.", "Remove unused Docker networks.")


def _wall(action: str) -> bool:
    """Check (-C), insert (-I) or delete (-D) the rule: from the bridge only back to the bridge."""
    rule = ["DOCKER-USER", "-i", BRIDGE, "!", "-o", BRIDGE, "-j", "REJECT"]
    return succeeds(["iptables", "-w", action, *rule])


def _keep_dns_inside(cluster: Cluster) -> None:
    """Let the cluster's DNS answer for the cluster only: names outside are refused at once."""
    corefile = cluster.get("configmap", "coredns", "--namespace", "kube-system")["data"]["Corefile"]
    inside = re.sub(r"\n    forward [^{\n]*(\{[^}]*\})?", "", corefile)
    if inside == corefile:
        return
    patch = json.dumps({"data": {"Corefile": inside}})
    cluster.kubectl("-n", "kube-system", "patch", "configmap", "coredns", "--type=merge", "--patch", patch)
    cluster.kubectl("-n", "kube-system", "rollout", "restart", "deployment/coredns")


def use_only_own_kubeconfig() -> None:
    """Keep a KUBECONFIG of the user's out of every program that is started from here."""
    os.environ.pop("KUBECONFIG", None)
