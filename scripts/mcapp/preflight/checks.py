"""The result of a check, and the outcome of a probe."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from mcapp.messages import Text


class Status(StrEnum):
    """How a check ended; only `fail` must be fixed."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Outcome(StrEnum):
    """What became of a packet sent to a port.

    ``connected``: it arrived, and that is proven. ``refused``: the machine said that no program listens.
    ``filtered``: an ICMP error or the sender's own rules rejected it. ``timeout``: no answer.
    ``unreachable``: no machine is there, as far as this machine's network can tell.
    """

    CONNECTED = "connected"
    REFUSED = "refused"
    FILTERED = "filtered"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"


class Check(NamedTuple):
    """One line of the report; the id never changes, so that programs can rely on it."""

    id: str
    status: Status
    detail: Text
    remedy: Text | None = None
    outcome: Outcome | None = None
