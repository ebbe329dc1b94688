"""Real faults for the doctor: each breaks one thing on a cluster, and heals it again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.e2e.faults import database, network, nodes, objects, pods, storage
from tests.e2e.faults.side import IN_SIDE
from tests.e2e.faults.site import Site


@dataclass(frozen=True)
class Fault:
    """A fault, the layer and the cause that the doctor must name, and the doctor's options."""

    cause: str
    layer: str
    happen: Callable[[Site], AbstractContextManager[None]]
    arguments: tuple[str, ...] = ()


FAULTS = (
    Fault("namespace-missing", "release", objects.nothing, ("--namespace", "nowhere")),
    Fault("release-missing", "release", objects.nothing, ("--release", "another")),
    Fault("service-selector", "services", network.wrong_selector),
    Fault("target-port", "services", network.wrong_target_port),
    Fault("service-port", "services", network.wrong_port),
    Fault("service-missing", "services", network.service_gone),
    Fault("nodeport-unreachable", "access", network.port_dropped),
    Fault("overlay-blocked", "network", network.vxlan_dropped),
    Fault("network-policy", "network", network.policy),
    Fault("password-rejected", "logs", database.other_password),
    Fault("bad-migration", "logs", database.newer_schema),
    Fault("db-connections", "logs", database.connections_used_up),
    Fault("scaled-to-zero", "pods", objects.scaled_to_zero),
    Fault("workload-missing", "release", objects.workload_gone),
    Fault("node-full", "nodes", pods.too_large),
    Fault("pod-security", "pods", objects.privileged),
    Fault("crash-loop", "pods", pods.crashing),
    Fault("out-of-memory", "pods", pods.little_memory),
    Fault("secret-missing", "pods", objects.secret_gone),
    Fault("dns-down", "network", network.no_dns),
    Fault("probe-failing", "pods", pods.probe_fails),
    Fault("quota-exceeded", "pods", objects.quota, IN_SIDE),
    Fault("no-default-storageclass", "storage", storage.no_default_class, IN_SIDE),
    Fault("provisioner-down", "storage", storage.no_provisioner, IN_SIDE),
    Fault("no-labelled-node", "nodes", nodes.no_label),
    Fault("node-cordoned", "nodes", nodes.cordoned),
    Fault("node-tainted", "nodes", nodes.tainted),
    Fault("volume-affinity", "storage", nodes.label_moved),
    Fault("configmap-missing", "pods", objects.configmap_gone),
    Fault("image-missing", "pods", pods.image_on_other_node),
    Fault("disk-full", "storage", storage.disk_full),
    Fault("node-not-ready", "nodes", nodes.kubelet_stopped),
)
