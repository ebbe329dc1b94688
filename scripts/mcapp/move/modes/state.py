"""What a move to another db.mode has done so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

# In this order. Each may be done twice: a run that was killed has not recorded its last one.
STEPS = ("prepare", "join", "verify", "switch", "complete")
# The slot that keeps what the new place has not read.
SLOT = "mcapp_move"


@dataclass(frozen=True)
class Change:
    """One move to another db.mode, `to`.

    `revision` is Helm's, of the values before it. `node` is the one server's: where it is, or will be.
    `old` are the claims that are kept. `done` are the steps so far. `switched`: the new place may have taken
    writes, `stopped` is when they stopped for that, in seconds since 1970. `seconds` is for how long writes
    were stopped, in each of the two times. `content` is the digest of the data at the switch. `back`: the
    move is being undone.
    """

    to: str
    revision: int
    node: str
    old: tuple[str, ...]
    done: tuple[str, ...] = ()
    switched: bool = False
    stopped: float = 0.0
    seconds: tuple[float, ...] = ()
    content: str = ""
    back: bool = False

    @property
    def finished(self) -> bool:
        """Whether all steps are done, so that only the old claims are left to discard."""
        return self.done == STEPS

    def after(self, step: str) -> Change:
        """Return the move with one more step done."""
        return replace(self, done=(*self.done, step))
