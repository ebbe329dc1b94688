"""What a taint says of its node: who sets it, and whether a pod gains anything by tolerating it."""

from __future__ import annotations

from mcapp.kube import words
from mcapp.kube.nodes import Taint
from mcapp.messages import Text, Words

# Kubernetes itself sets these while something is wrong; a pod that tolerated them would not work there.
_LIFECYCLE = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
# Clusters set these on their servers to keep ordinary pods away.
_ROLE = (
    "CriticalAddonsOnly",
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/etcd",
    "node-role.kubernetes.io/master",
)
# What each taint of these means; a key that ends in "/" stands for all that begin so.
_MEANINGS: dict[str, Words] = {
    "node.kubernetes.io/not-ready": words.NODE_NOTREADY,
    "node.kubernetes.io/unreachable": words.NODE_NOTREADY,
    "node.kubernetes.io/unschedulable": words.NODE_CORDONED,
    "node.kubernetes.io/network-unavailable": words.NODE_NETWORK,
    "node.kubernetes.io/out-of-service": words.NODE_OUT_OF_SERVICE,
    "node.kubernetes.io/disk-pressure": words.NODE_UNDER_PRESSURE,
    "node.kubernetes.io/memory-pressure": words.NODE_UNDER_PRESSURE,
    "node.kubernetes.io/pid-pressure": words.NODE_UNDER_PRESSURE,
    "node.kubernetes.io/": words.NODE_SYSTEM,
    "node.cloudprovider.kubernetes.io/uninitialized": words.NODE_UNINITIALIZED,
    "node.cloudprovider.kubernetes.io/shutdown": words.NODE_SHUTDOWN,
    "node.cloudprovider.kubernetes.io/": words.NODE_SYSTEM,
    # Other programs remove these when they are ready on the node.
    "node.cluster.x-k8s.io/uninitialized": words.NODE_STARTING,
    "node.cilium.io/agent-not-ready": words.NODE_STARTING,
    "cni.istio.io/not-ready": words.NODE_STARTING,
    "ebs.csi.aws.com/agent-not-ready": words.NODE_STARTING,
    "efs.csi.aws.com/agent-not-ready": words.NODE_STARTING,
    "karpenter.sh/unregistered": words.NODE_STARTING,
    "startup-taint.cluster-autoscaler.kubernetes.io/": words.NODE_STARTING,
    "ignore-taint.cluster-autoscaler.kubernetes.io/": words.NODE_STARTING,
    # The node is about to go.
    "ToBeDeletedByClusterAutoscaler": words.NODE_LEAVING,
    "karpenter.sh/disrupted": words.NODE_LEAVING,
    "karpenter.sh/disruption": words.NODE_LEAVING,
    "cloud.google.com/impending-node-termination": words.NODE_LEAVING,
    "aws-node-termination-handler/": words.NODE_LEAVING,
}


def lifecycle(taint: Taint) -> bool:
    """Whether Kubernetes set the taint and will remove it."""
    return taint.key.startswith(_LIFECYCLE)


def role(taint: Taint) -> bool:
    """Whether the taint only says that the node is a server."""
    return taint.key in _ROLE


def acceptable(taint: Taint) -> bool:
    """Whether a toleration is of use: the taint keeps pods away on purpose, and the node could run them."""
    return _meaning(taint) is words.NODE_TAINT


def reason(taint: Taint) -> Text:
    """Return what the taint says of its node."""
    meaning = _meaning(taint)
    return meaning() if meaning in (words.NODE_NOTREADY, words.NODE_CORDONED) else meaning(taint=str(taint))


def _meaning(taint: Taint) -> Words:
    if taint.virtual:
        return words.NODE_VIRTUAL
    exact = _MEANINGS.get(taint.key)
    return exact or _MEANINGS.get(f"{taint.key.partition('/')[0]}/", words.NODE_TAINT)
