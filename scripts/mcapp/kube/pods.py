"""The state of one object as its status has it: conditions, readiness, deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def condition(item: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a condition of the object's status, {} if it is not there."""
    found = (item.get("status") or {}).get("conditions") or ()
    return next((one for one in found if one.get("type") == kind), {})


def is_true(item: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition of the object's status is true."""
    return condition(item, kind).get("status") == "True"


def leaving(item: Mapping[str, Any]) -> bool:
    """Whether the object is being deleted."""
    return "deletionTimestamp" in item["metadata"]


def ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is Ready and stays: it is not being deleted."""
    return is_true(pod, "Ready") and not leaving(pod)
