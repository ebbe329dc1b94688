"""Nodes and pods of others on a real API server. kwok, which runs on this machine, plays their kubelets.

kwok keeps these nodes Ready and says of their pods that they run; nothing does run. The nodes have kwok's
taint, which keeps other pods off. https://kwok.sigs.k8s.io/docs/user/kwok-out-cluster/
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from dev.kind.cluster import Cluster
from dev.kind.process import output
from dev.kind.programs import command, module
from dev.kind.versions import cache_dir, versions
from dev.local import kube_objects
from dev.local.kube_objects import Object, listing, with_images
from mcapp import wait
from mcapp.errors import FailedError

# kwok takes care of nodes with this annotation; what is made here has it as a label, too.
FAKE = ("kwok.x-k8s.io/node", "fake")
SPACES = 10
# Seconds. A node renews its lease four times as often, and counts as lost when it has not for 50 s. A
# kubelet's is 40; but these nodes' control plane shares two cores with all else.
LEASE = 120
_STAGES = (
    "node/fast/node-initialize",
    "node/heartbeat-with-lease/node-heartbeat-with-lease",
    "pod/fast/pod-ready",
    "pod/fast/pod-complete",
    "pod/fast/pod-delete",
)
_SELECTOR = "=".join(FAKE)
_SYSTEM = "kube-system"
# Each kubectl sends one object after the other.
_SENDERS, _BATCH = 8, 125
_READY_SECONDS, _GONE_SECONDS = 240.0, 240.0


@contextmanager
def others(cluster: Cluster, nodes: int, pods: int) -> Iterator[None]:
    """Put nodes and pods there, wait until all run, and remove them at the end, whatever ends it.

    Raises:
        FailedError: they do not come up, or do not go, within four minutes.

    """
    with _kwok(cluster):
        try:
            _put(cluster, nodes, pods)
            yield
        finally:
            remove(cluster)


def remove(cluster: Cluster) -> None:
    """Remove all that `others` made, of this run and of one that was killed.

    Raises:
        FailedError: something is still there after four minutes.

    """
    spaces = _names(cluster, "namespaces")

    def empty(space: str) -> None:
        # At once, since no kubelet has to agree.
        cluster.kubectl("delete", "--raw", f"/api/v1/namespaces/{space}/pods?gracePeriodSeconds=0")

    with ThreadPoolExecutor(_SENDERS) as pool:
        list(pool.map(empty, spaces))
    if spaces:
        cluster.kubectl("delete", "namespaces", "--selector", _SELECTOR, "--wait=false")
    if _names(cluster, "nodes"):
        cluster.kubectl("delete", "--raw", f"/api/v1/nodes?labelSelector={_SELECTOR}")

    def gone() -> bool:
        # DaemonSets that tolerate every taint have a pod on each node, which outlives it.
        real = [item["metadata"]["name"] for item in cluster.get("nodes")["items"]]
        elsewhere = ",".join(f"spec.nodeName!={name}" for name in (*real, ""))
        query = f"fieldSelector={elsewhere}&gracePeriodSeconds=0"
        cluster.kubectl("delete", "--raw", f"/api/v1/namespaces/{_SYSTEM}/pods?{query}")
        return not _names(cluster, "nodes") and not _names(cluster, "namespaces")

    if not wait.until(gone, _GONE_SECONDS, pause=1):
        raise FailedError("Nodes or pods of kwok are still there.", "Run this again with --remove.")


@contextmanager
def _kwok(cluster: Cluster) -> Iterator[None]:
    flags = (
        f"--kubeconfig={cluster.kubeconfig}",
        "--manage-all-nodes=false",
        f"--node-lease-duration-seconds={LEASE}",
    )
    chosen = f"--manage-nodes-with-annotation-selector={_SELECTOR}"
    # What it plays is in its module: a node that is Ready and stays it, a pod that runs until it is deleted.
    folder = module(versions()["programs"]["kwok"]["module"]) / "kustomize" / "stage"
    stages = [f"--config={folder / stage}.yaml" for stage in _STAGES]
    log = cache_dir() / "logs" / "kwok.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [command("kwok"), *flags, chosen, *stages], stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _put(cluster: Cluster, nodes: int, pods: int) -> None:
    _create(cluster, [_space(number) for number in range(SPACES)])
    _create(cluster, [_node(number) for number in range(nodes)])

    def accounts() -> bool:
        # A pod needs its namespace's default account, which a controller makes.
        made = cluster.get("serviceaccounts", "--all-namespaces", "--field-selector=metadata.name=default")
        there = {item["metadata"]["namespace"] for item in made["items"]}
        return there.issuperset(_names(cluster, "namespaces"))

    wait.until(accounts, _READY_SECONDS, pause=1)
    _create(cluster, [_pod(number, nodes) for number in range(pods)])

    def running() -> bool:
        chosen = ("--selector", _SELECTOR, "--all-namespaces", "--field-selector=status.phase=Running")
        ready = "--output=jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"
        states = cluster.kubectl("get", "nodes", "--selector", _SELECTOR, ready).split()
        run = cluster.kubectl("get", "pods", *chosen, "--output=name").split()
        return states.count("True") == nodes and len(run) == pods

    if not wait.until(running, _READY_SECONDS, pause=2):
        raise FailedError("kwok does not bring up all nodes and pods.", f"See {cache_dir()}/logs/kwok.log.")


def _create(cluster: Cluster, items: list[Object]) -> None:
    parts = [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]

    def create(part: list[Object]) -> None:
        words = [str(command("kubectl")), "create", "--validate=false", "--filename=-"]
        output(words, env=cluster.env(), stdin=json.dumps(listing(*part)))

    with ThreadPoolExecutor(_SENDERS) as pool:
        list(pool.map(create, parts))


def _names(cluster: Cluster, kind: str) -> list[str]:
    return cluster.kubectl(
        "get", kind, "--selector", _SELECTOR, "--output=jsonpath={.items[*].metadata.name}"
    ).split()


def _space(number: int) -> Object:
    name = f"others-{number}"
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict([FAKE])}}


def _node(number: int) -> Object:
    """Return a node as kwok's documentation has it, with the images that most of a real one is.

    Its address is one of those that are kept for benchmarks (RFC 2544): no machine answers there.
    """
    address = f"198.18.{number >> 8}.{number & 255}"
    made = kube_objects.node(
        f"others-{number:04}",
        address,
        labels={"type": "kwok", **dict([FAKE])},
        annotations=dict([FAKE]),
        taints=[f"{_SELECTOR}:NoSchedule"],
    )
    # Without this label, the DaemonSets for Linux put no pods there.
    del made["metadata"]["labels"]["kubernetes.io/os"]
    # All of them have one, so that the real nodes' controller does not run out of networks.
    made["spec"]["podCIDR"] = "10.244.255.0/24"
    made["status"].pop("conditions")
    made["status"]["capacity"] = made["status"]["allocatable"]
    return with_images(made)


def _pod(number: int, nodes: int) -> Object:
    name = f"service-{number:04}"
    variables = [{"name": f"SETTING_{one}", "value": f"https://{one}.example/{name}"} for one in range(12)]
    resources = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    one = {"image": "registry.example/team/app:1", "env": variables, "resources": resources}
    probe = {"httpGet": {"path": "/healthz", "port": 8080}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": f"others-{number % SPACES}",
            "labels": {"app": name, **dict([FAKE])},
        },
        "spec": {
            "nodeName": f"others-{number % nodes:04}",
            "containers": [
                {"name": "main", "readinessProbe": probe, "livenessProbe": probe, **one},
                {"name": "sidecar", **one},
            ],
            "tolerations": [{"key": FAKE[0], "operator": "Exists", "effect": "NoSchedule"}],
        },
    }
