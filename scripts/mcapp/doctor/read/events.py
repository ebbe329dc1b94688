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
