"""The parts of an Event, in whichever of its fields they stand."""

from __future__ import annotations

import re
from typing import Any

Object = dict[str, Any]


def about(event: Object) -> Object:
    """Return the reference to the object that the event is about."""
    found: Object = event.get("involvedObject") or {}
    return found


def moment(event: Object) -> str:
    """Return when it last happened, in a form that can be sorted."""
    series = event.get("series") or {}
    made = event["metadata"].get("creationTimestamp")
    found: str = (
        series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or made or ""
    )
    # Some have fractions of a second, some do not.
    return re.sub(r"\.\d+", "", found)


def spoken(event: Object) -> str:
    """Return its reason and message."""
    return f"{event.get('reason', '')}: {event.get('message', '')}"


def creations(every: list[Object], workload: Object) -> list[Object]:
    """Return the events that tell whether a workload's pods were made, the newest last."""
    owner = str(workload["metadata"]["name"])
    # A Deployment's pods are made by its ReplicaSets, which have its name and a hash.
    kind = "ReplicaSet" if workload["kind"] == "Deployment" else workload["kind"]
    makers = re.compile(re.escape(owner) + ("-[^-]+" if kind == "ReplicaSet" else ""))
    found = [
        event
        for event in every
        if event.get("reason") in ("FailedCreate", "SuccessfulCreate")
        and about(event).get("kind") == kind
        and makers.fullmatch(str(about(event).get("name")))
    ]
    return sorted(found, key=moment)
