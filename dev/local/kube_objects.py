"""Kubernetes objects as `kubectl get -o json` prints them, with the fields that a test needs."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
HOSTNAME = "kubernetes.io/hostname"
CONTROL_PLANE = {"node-role.kubernetes.io/control-plane": "true"}
ETCD = {**CONTROL_PLANE, "node-role.kubernetes.io/etcd": "true"}
DATABASE = {"role": "database"}


def node(
    name: str,
    *ips: str,
    labels: dict[str, str] | None = None,
    taints: list[str] | None = None,
    ready: bool = True,
    cordoned: bool = False,
    pressure: str = "",
    arch: str = "amd64",
    os: str = "linux",
    cpu: str = "4",
    memory: str = "8Gi",
    pods: str = "110",
    addresses: list[tuple[str, str]] | None = None,
    annotations: dict[str, str] | None = None,
    pod_networks: list[str] | None = None,
) -> Object:
    """Return a node, with the taints that Kubernetes itself sets. `taints` are like key[=value]:effect."""
    set_by_kubernetes = [
        *([] if ready else ["node.kubernetes.io/not-ready:NoSchedule"]),
        *(["node.kubernetes.io/unschedulable:NoSchedule"] if cordoned else []),
        *([f"node.kubernetes.io/{PRESSURES[pressure]}:NoSchedule"] if pressure else []),
    ]
    listed = addresses if addresses is not None else [*(("InternalIP", ip) for ip in ips), ("Hostname", name)]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {HOSTNAME: name, "kubernetes.io/arch": arch, "kubernetes.io/os": os, **(labels or {})},
            "annotations": annotations or {},
        },
        "spec": {
            **({"unschedulable": True} if cordoned else {}),
            **({"taints": [taint(text) for text in [*set_by_kubernetes, *(taints or [])]]}),
            **({"podCIDR": pod_networks[0], "podCIDRs": pod_networks} if pod_networks else {}),
        },
        "status": {
            "addresses": [{"type": kind, "address": address} for kind, address in listed],
            "allocatable": {"cpu": cpu, "memory": memory, "pods": pods},
            "conditions": [
                {"type": "Ready", "status": "True" if ready else "False"},
                *([{"type": pressure, "status": "True"}] if pressure else []),
            ],
            "nodeInfo": {"architecture": arch, "operatingSystem": os},
        },
    }


def with_images(made: Object) -> Object:
    """Return a node with ten images in its status: they are most of a real node."""
    images = [f"registry.example/team/app-{number}@sha256:{number:064x}" for number in range(10)]
    made["status"]["images"] = [{"names": [image], "sizeBytes": 50_000_000} for image in images]
    return made


PRESSURES = {
    "DiskPressure": "disk-pressure",
    "MemoryPressure": "memory-pressure",
    "PIDPressure": "pid-pressure",
}


def taint(text: str) -> dict[str, str]:
    """Return the taint `key[=value]:effect`."""
    name, _, effect = text.rpartition(":")
    key, _, value = name.partition("=")
    return {"key": key, **({"value": value} if value else {}), "effect": effect}


def listing(*items: Object) -> Object:
    """Return a List of objects."""
    return {"apiVersion": "v1", "kind": "List", "items": list(items)}


def storage_class(name: str, *, default: bool = False, late: bool = True, provisioner: str = "") -> Object:
    """Return a StorageClass; `late` binds a claim when its first pod is scheduled."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": provisioner or "rancher.io/local-path",
        "volumeBindingMode": "WaitForFirstConsumer" if late else "Immediate",
    }


def service(name: str, port: int, *, namespace: str = "default", release: str = "") -> Object:
    """Return a Service with this NodePort."""
    labels = {"app.kubernetes.io/instance": release} if release else {}
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]},
    }


def pod(name: str, on: str, cpu: str, memory: str, *, release: str = "", phase: str = "Running") -> Object:
    """Return a pod on a node, with its requests."""
    labels = {"app.kubernetes.io/instance": release} if release else {}
    requests = {"cpu": cpu, "memory": memory}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "mcapp" if release else "default", "labels": labels},
        "spec": {"nodeName": on, "containers": [{"name": "main", "resources": {"requests": requests}}]},
        "status": {"phase": phase},
    }


def database_volume(
    *hosts: str, size: str = "5Gi", storage: str = "local-path", name: str = "postgres-pvc"
) -> list[Object]:
    """Return the claim of a running db and its volume, which only `hosts` can mount (without any: all)."""
    terms = [{"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": list(hosts)}]}]
    affinity = {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}} if hosts else {}
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": "mcapp",
            "annotations": {
                "volume.kubernetes.io/selected-node": hosts[0] if hosts else "",
                "volume.kubernetes.io/storage-provisioner": "rancher.io/local-path",
            },
        },
        "spec": {
            "volumeName": "pvc-1",
            "storageClassName": storage,
            "resources": {"requests": {"storage": size}},
        },
    }
    return [claim, {"kind": "PersistentVolume", "metadata": {"name": "pvc-1"}, "spec": affinity}]
