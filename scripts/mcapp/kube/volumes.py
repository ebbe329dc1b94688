"""Claims and their volumes: what becomes of a volume without its claim, and a claim made again for it."""

from __future__ import annotations

import json
from typing import Any

from mcapp.kube.kubectl import Kubectl

# Annotations that bind a claim to its volume.
_BINDING = ("pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/")
_KEPT = ("accessModes", "resources", "storageClassName")
_VERSIONED = ("helm.sh/chart", "app.kubernetes.io/version")
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def claim_like(of: dict[str, Any], name: str, labels: dict[str, str]) -> dict[str, Any]:
    """Return a claim like another one, under another name, and bound to nothing.

    Without labels that change with the chart's version: Helm refuses to change what another has set.
    """
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": of["metadata"]["namespace"], "labels": lasting(labels)},
        "spec": {key: of["spec"][key] for key in _KEPT if key in of["spec"]},
    }


def lasting(labels: dict[str, str]) -> dict[str, str]:
    """Return the chart's labels but for those that change with its version."""
    return {key: one for key, one in labels.items() if key not in _VERSIONED}


def claim_again(live: dict[str, Any], volume: str) -> dict[str, Any]:
    """Return a claim as it is made again for a volume: with its labels, and Helm's annotations."""
    metadata = live["metadata"]
    annotations = (metadata.get("annotations") or {}).items()
    again = claim_like(live, metadata["name"], metadata.get("labels") or {})
    kept = {key: one for key, one in annotations if not key.startswith(_BINDING) and key != _APPLIED}
    again["metadata"]["annotations"] = kept
    again["spec"]["volumeName"] = volume
    return again


def set_policy(kubectl: Kubectl, volume: str, policy: str) -> None:
    """Set what becomes of a volume without its claim: Retain or Delete."""
    change(kubectl, volume, {"spec": {"persistentVolumeReclaimPolicy": policy}})


def reserve(kubectl: Kubectl, volume: str, namespace: str, claim: str) -> None:
    """Let a volume without a claim be for the claim of this name: otherwise any claim could get it."""
    owner = {"namespace": namespace, "name": claim, "uid": None, "resourceVersion": None}
    change(kubectl, volume, {"spec": {"claimRef": owner}})


def change(kubectl: Kubectl, volume: str, patch: dict[str, Any]) -> None:
    """Change a volume; None removes a key. FailedError if kubectl refuses."""
    kubectl.must("patch", "pv", volume, "--type=merge", f"--patch={json.dumps(patch)}")


def is_bound(claim: dict[str, Any]) -> bool:
    """Whether a claim has its volume."""
    return bool((claim.get("status") or {}).get("phase") == "Bound")
