"""The parts of a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mcapp.doctor.causes import CAUSES, LAYERS, Cause
from mcapp.messages import Part, Text


class State(StrEnum):
    """The state of a layer."""

    OK = "ok"
    FAULT = "fault"
    LEFT_OUT = "left-out"
    UNSEEN = "not-looked-at"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line as it was read, and its source."""

    source: str
    line: str


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a remedy: kubectl's arguments, or a line for a shell; on the node `on`, if given."""

    kubectl: tuple[str, ...] = ()
    line: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `soft`: it may pass by itself while the release is changing. `safe`: --fix may do it."""

    cause: str
    parts: Mapping[str, Part] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    steps: tuple[Step, ...] = ()
    tier: str = ""
    soft: bool = False
    safe: bool = False

    @property
    def about(self) -> Cause:
        """The cause's entry in the table."""
        return CAUSES[self.cause]


@dataclass(frozen=True, slots=True)
class Hop:
    """A link of the chain, and its time in milliseconds."""

    source: str
    target: str
    ms: float


@dataclass(slots=True)
class Diagnosis:
    """The result. `states` and `notes` are by layer; `places` has each tier's nodes, or its address."""

    namespace: str
    release: str
    finding: Finding | None = None
    states: dict[str, State] = field(default_factory=dict)
    notes: dict[str, list[Text]] = field(default_factory=dict)
    hops: list[Hop] = field(default_factory=list)
    left_out: list[Text] = field(default_factory=list)
    warnings: list[Text] = field(default_factory=list)
    places: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    changing: bool = False

    def close(self) -> None:
        """Set the state of every layer by the finding: layers behind a fault were not looked at."""
        broken = LAYERS.index(self.finding.about.layer) if self.finding else len(LAYERS)
        for position, layer in enumerate(LAYERS):
            if position == broken:
                self.states[layer] = State.FAULT
            elif position > broken:
                self.states[layer] = State.UNSEEN
                self.notes.pop(layer, None)
            else:
                self.states.setdefault(layer, State.OK)
