"""Which volume a rescue takes, the claim that it makes again, and when it refuses."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from mcapp.backup.rescueplan import NOTE, Plan, claim_of, lost_claim, needs_search, noted, volume_for
from mcapp.errors import FailedError
from mcapp.kube.volumes import claim_again

CLAIM, HERE = "postgres-pvc", {"namespace": "lab", "name": "postgres-pvc"}
HELM = {
    "meta.helm.sh/release-name": "mcapp",
    "meta.helm.sh/release-namespace": "lab",
    "helm.sh/resource-policy": "keep",
}


# Helm refuses to change them where another program has set them.
VERSIONED = {"helm.sh/chart": "mcapp-1.0.0", "app.kubernetes.io/version": "1.0.0"}


def claim(volume: str = "pvc-1", **metadata: Any) -> dict[str, Any]:
    bound = {
        "pv.kubernetes.io/bind-completed": "yes",
        "volume.kubernetes.io/selected-node": "lab-machine",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": CLAIM,
            "namespace": "lab",
            "uid": "old",
            "labels": {"app.kubernetes.io/managed-by": "Helm", **VERSIONED},
            "annotations": {**HELM, **bound},
            "finalizers": ["kubernetes.io/pvc-protection"],
            **metadata,
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "5Gi"}},
            "storageClassName": "local-path",
            "volumeMode": "Filesystem",
            **({"volumeName": volume} if volume else {}),
        },
        "status": {"phase": "Bound"},
    }


def volume(
    name: str, owner: dict[str, str] | None = None, phase: str = "Released", note: Plan | None = None
) -> dict[str, Any]:
    annotations = {NOTE: json.dumps(asdict(note))} if note else {}
    return {
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "claimRef": {**(HERE if owner is None else owner), "uid": "old"},
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "5Gi"},
            "storageClassName": "local-path",
            "persistentVolumeReclaimPolicy": "Delete",
        },
        "status": {"phase": phase},
    }


PLAN = Plan(claim_again(claim(), "pvc-1"), 1, "Delete", "7", "0/1")
WORKLOAD = {
    "metadata": {
        "name": "db",
        "namespace": "lab",
        "labels": {"app.kubernetes.io/managed-by": "Helm", **VERSIONED},
        "annotations": {**HELM, "deployment/other": "x"},
    },
    "spec": {
        "template": {
            "spec": {
                "volumes": [{"name": "run"}, {"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}}]
            }
        }
    },
}


def test_a_claim_is_made_again_as_helm_would_find_it() -> None:
    again = claim_again(claim(), "pvc-1")
    assert again["metadata"] == {
        "name": CLAIM,
        "namespace": "lab",
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": HELM,
    }
    assert again["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "local-path",
        "volumeName": "pvc-1",
    }
    # A claim that nobody has seen any more is the same.
    assert lost_claim(WORKLOAD, volume("pvc-1")) == again


def test_the_claim_names_its_volume() -> None:
    deleted = claim(deletionTimestamp="2026-11-29T11:00:00Z")
    assert not needs_search(deleted)
    assert volume_for("lab", CLAIM, deleted, [volume("pvc-1", phase="Bound")])["metadata"]["name"] == "pvc-1"


@pytest.mark.parametrize("present", [None, claim("")], ids=["the claim is gone", "Helm has made another"])
def test_a_volume_that_was_left_behind_is_found(present: dict[str, Any] | None) -> None:
    others = [
        volume("pvc-0", {"namespace": "lab", "name": "backup-pvc"}),
        volume("pvc-2", {"namespace": "elsewhere", "name": CLAIM}),
        volume("pvc-3", phase="Bound"),
    ]
    assert needs_search(present)
    assert volume_for("lab", CLAIM, present, [*others, volume("pvc-1")])["metadata"]["name"] == "pvc-1"
    with pytest.raises(FailedError, match="No volume has data"):
        volume_for("lab", CLAIM, present, others)


def test_of_several_only_a_note_decides() -> None:
    several = [volume("pvc-1"), volume("pvc-4")]
    with pytest.raises(FailedError, match=r"Several volumes .*pvc-1, pvc-4"):
        volume_for("lab", CLAIM, None, several)
    several[1] = volume("pvc-4", note=PLAN)
    assert volume_for("lab", CLAIM, None, several)["metadata"]["name"] == "pvc-4"


def test_a_note_brings_the_plan_back() -> None:
    assert noted(volume("pvc-1", note=PLAN)) == PLAN
    assert noted(volume("pvc-1")) is None
    # So much may an annotation hold, with all others of the object.
    assert len(json.dumps(asdict(PLAN))) < 2**16


def test_the_claim_of_the_first_member_only() -> None:
    assert claim_of(WORKLOAD) == CLAIM
    assert claim_of({"spec": {"template": {"spec": {"volumes": [{"name": "run"}]}}}}) == ""
