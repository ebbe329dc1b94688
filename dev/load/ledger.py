"""The outcome of each write as its client saw it, and the comparison with the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid4


class State(StrEnum):
    """What a client knows about its write."""

    # No answer yet.
    SENT = "sent"
    # Answered with success: the row must exist, once.
    ACKNOWLEDGED = "acknowledged"
    # Refused before anything was written: the row must not exist.
    FAILED = "failed"
    # The answer was lost, or says that it is not sure: the row may exist, once.
    UNKNOWN = "unknown"


@dataclass
class Write:
    """One write. `key` ends its title and is its Idempotency-Key; `task` is the row's id."""

    key: UUID
    title: str
    state: State = State.SENT
    task: int | None = None


@dataclass(frozen=True)
class Comparison:
    """The ledger beside the table: the number of writes in each state, and the titles that contradict it.

    `lost` were acknowledged and are missing, `duplicates` exist more than once, `written_although_refused`
    exist although their client was told that nothing was written, `strangers` were never sent.
    """

    states: dict[State, int]
    rows: int
    lost: tuple[str, ...]
    duplicates: tuple[str, ...]
    written_although_refused: tuple[str, ...]
    strangers: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether the table contradicts no answer."""
        return not (self.lost or self.duplicates or self.written_although_refused or self.strangers)


@dataclass
class Ledger:
    """The writes of one run. Their titles begin with `prefix`, which is unique to the run."""

    prefix: str = field(default_factory=lambda: f"load {uuid4().hex[:8]} ")
    writes: list[Write] = field(default_factory=list)

    def begin(self) -> Write:
        """Add a write that is about to be sent."""
        key = uuid4()
        write = Write(key, f"{self.prefix}{key}")
        self.writes.append(write)
        return write

    def compare(self, titles: Iterable[str]) -> Comparison:
        """Compare the ledger with the titles of all rows; rows of other runs are ignored."""
        rows = Counter(title for title in titles if title.startswith(self.prefix))
        of = {state: [write.title for write in self.writes if write.state is state] for state in State}
        sent = {write.title for write in self.writes}
        return Comparison(
            states={state: len(these) for state, these in of.items()},
            rows=rows.total(),
            lost=tuple(title for title in of[State.ACKNOWLEDGED] if title not in rows),
            duplicates=tuple(title for title, count in rows.items() if count > 1),
            written_although_refused=tuple(title for title in of[State.FAILED] if title in rows),
            strangers=tuple(title for title in rows if title not in sent),
        )
