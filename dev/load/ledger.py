"""What became of each write, as its client saw it, and whether the table agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid4


class State(StrEnum):
    """What a client may believe about its write."""

    # No answer yet.
    SENT = "sent"
    # Promised: the row must be there, once.
    ACKNOWLEDGED = "acknowledged"
    # Refused before anything was done: the row must not be there.
    FAILED = "failed"
    # The answer was lost, or says so itself: the row may be there, once.
    UNKNOWN = "unknown"


@dataclass
class Write:
    """One write; its key is the end of its title and its Idempotency-Key. `task` is the row's id."""

    key: UUID
    title: str
    state: State = State.SENT
    task: int | None = None


@dataclass(frozen=True)
class Comparison:
    """The ledger beside the table: how many writes of each state, and the titles that contradict it."""

    states: dict[State, int]
    rows: int
    lost: tuple[str, ...]
    duplicates: tuple[str, ...]
    undead: tuple[str, ...]
    strangers: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether no promise was broken."""
        return not (self.lost or self.duplicates or self.undead or self.strangers)


@dataclass
class Ledger:
    """The writes of one run. Their titles begin with `prefix`, which no other run has."""

    prefix: str = field(default_factory=lambda: f"load {uuid4().hex[:8]} ")
    writes: list[Write] = field(default_factory=list)

    def begin(self) -> Write:
        """Enter a write that is about to be sent."""
        key = uuid4()
        write = Write(key, f"{self.prefix}{key}")
        self.writes.append(write)
        return write

    def compare(self, titles: Iterable[str]) -> Comparison:
        """Hold the ledger against the titles of all rows; those of other runs do not count.

        `lost` were acknowledged and are not there, `duplicates` are there more than once, `undead` are
        there although their client was told that nothing was done, `strangers` were never sent.
        """
        there = Counter(title for title in titles if title.startswith(self.prefix))
        of = {state: [write.title for write in self.writes if write.state is state] for state in State}
        sent = {write.title for write in self.writes}
        return Comparison(
            states={state: len(found) for state, found in of.items()},
            rows=there.total(),
            lost=tuple(title for title in of[State.ACKNOWLEDGED] if title not in there),
            duplicates=tuple(title for title, count in there.items() if count > 1),
            undead=tuple(title for title in of[State.FAILED] if title in there),
            strangers=tuple(title for title in there if title not in sent),
        )
