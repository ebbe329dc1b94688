"""What a kind cluster is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.kind.docker import lacking_capabilities
from mcapp.config import DATABASE_LABEL, NODE_PORT


@dataclass(frozen=True)
class Shape:
    """What a cluster is made of: one node for `single`; a laptop and `db_nodes` lab machines for `multi`.

    The lab machines carry the label role=database. `ip_family` is ipv4, ipv6 or dual, as kind calls them.
    """

    topology: str
    db_nodes: int = 1
    ip_family: str = "ipv4"

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return 1 + self.db_nodes if self.topology == "multi" else 1

    @property
    def loopback(self) -> str:
        """The address of this machine on which it serves the page."""
        return "::1" if self.ip_family == "ipv6" else "127.0.0.1"

    def kind_config(self, port: int) -> dict[str, Any]:
        """Return kind's configuration; `port` of this machine leads to NodePort 30080."""
        # The kubelet needs these only with cgroups version 1, or where a capability is withheld.
        kubelet: dict[str, Any] = {
            "kind": "KubeletConfiguration",
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
        }
        if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
            kubelet["failCgroupV1"] = False
        if "CAP_SYS_RESOURCE" in lacking_capabilities():
            kubelet["featureGates"] = {"KubeletInUserNamespace": True}
        # The laptop is the control plane and runs web and api too.
        untainted = {"kind": "InitConfiguration", "nodeRegistration": {"taints": []}}
        laptop: dict[str, Any] = {
            "role": "control-plane",
            "extraPortMappings": [
                {"containerPort": NODE_PORT, "hostPort": port, "listenAddress": self.loopback}
            ],
        }
        nodes = [laptop]
        if self.topology == "multi":
            laptop["kubeadmConfigPatches"] = [yaml.safe_dump(untainted)]
            nodes += [{"role": "worker", "labels": dict([DATABASE_LABEL])} for _ in range(self.db_nodes)]
        return {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "networking": {"ipFamily": self.ip_family},
            "kubeadmConfigPatches": [yaml.safe_dump(kubelet)],
            "nodes": nodes,
        }
