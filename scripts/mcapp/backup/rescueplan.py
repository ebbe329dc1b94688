"""Which volume has the data of a claim that goes, and what a rescue must know after it was killed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mcapp.backup import words
from mcapp.errors import FailedError
from mcapp.kube.volumes import lasting

NOTE = "mcapp/rescue"

Object = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What a rescue must know when the claim is gone: the claim to make, and how many replicas there were.

    `policy` is the volume's reclaim policy before it. `identifier` and `position` are of the server as it ran
    at the beginning: its number, and how far its WAL was; "" where it did not run.
    """

    claim: Object
    replicas: int
    policy: str
    identifier: str = ""
    position: str = ""


def claim_of(workload: Object) -> str:
    """Return the claim that a StatefulSet's own pod mounts, "" where each pod gets one of its own."""
    volumes = workload["spec"]["template"]["spec"].get("volumes") or ()
    names = (one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one)
    return next(names, "")


def needs_search(claim: Object | None) -> bool:
    """Whether the claim does not lead to the volume: it is gone, or it is a new one that has none yet."""
    return claim is None or not claim["spec"].get("volumeName")


def noted(volume: Object) -> Plan | None:
    """Return the plan that a rescue has noted at a volume, None if none is under way."""
    note = (volume["metadata"].get("annotations") or {}).get(NOTE)
    return Plan(**json.loads(note)) if note else None


def volume_for(namespace: str, name: str, claim: Object | None, volumes: Iterable[Object | None]) -> Object:
    """Return the volume that has the data of a claim: its own, or the one that it has left behind.

    Raises FailedError where there is none, or where several were left behind and no rescue says which.
    """
    left = [one for one in volumes if one is not None]
    if needs_search(claim):
        left = [one for one in left if _was_for(one, namespace, name)]
        left = [one for one in left if noted(one)] or left
    if not left:
        raise FailedError(words.NO_DATA_LEFT(claim=name), words.NO_DATA_LEFT_REMEDY())
    if len(left) > 1:
        names = [one["metadata"]["name"] for one in left]
        raise FailedError(words.SEVERAL_LEFT(claim=name, volumes=names), words.SEVERAL_LEFT_REMEDY())
    return left[0]


def _was_for(volume: Object, namespace: str, name: str) -> bool:
    owner = volume["spec"].get("claimRef") or {}
    free = (volume.get("status") or {}).get("phase") != "Bound"
    return free and (owner.get("namespace"), owner.get("name")) == (namespace, name)


def lost_claim(workload: Object, volume: Object) -> Object:
    """Return the claim for a volume whose claim has gone before a rescue: as the chart would make it."""
    spec, metadata = volume["spec"], workload["metadata"]
    owner = {
        key: one
        for key, one in (metadata.get("annotations") or {}).items()
        if key.startswith("meta.helm.sh/")
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": claim_of(workload),
            "namespace": metadata["namespace"],
            "labels": lasting(metadata.get("labels") or {}),
            "annotations": {**owner, "helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "accessModes": spec["accessModes"],
            "resources": {"requests": {"storage": spec["capacity"]["storage"]}},
            "storageClassName": spec.get("storageClassName", ""),
            "volumeName": volume["metadata"]["name"],
        },
    }


def note(plan: Plan) -> Object:
    """Return the patch that notes a plan at a volume."""
    return {"metadata": {"annotations": {NOTE: json.dumps(asdict(plan))}}}
