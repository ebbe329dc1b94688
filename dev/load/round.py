"""One round: something happens to a release under a load with a ledger, and the table is held against it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic

from dev.kind.release import Release, members
from dev.load.client import RATE, Kind, Load
from dev.load.ledger import Comparison, State
from mcapp.errors import FailedError

KINDS: tuple[Kind, ...] = ("write", "read")
WARM_UP_SECONDS = 3.0
# A leader that is cut off is missed after a while only.
SETTLE_SECONDS = 3.0
COOL_DOWN_SECONDS = 2.0
# Kubernetes lets a container that died often wait for up to five minutes.
BACK_SECONDS = 360.0


def _undisturbed(release: Release) -> AbstractContextManager[None]:
    del release
    return nullcontext()


@dataclass(frozen=True)
class Fault:
    """What happens to a release.

    `happen` does it before its block and mends after it what does not mend by itself. It yields since when
    (by time.time()) nothing has kept PostgreSQL from answering; None where it was never kept, or another
    server took over. `rig` is there before the load and after it.
    """

    happen: Callable[[Release], AbstractContextManager[float | None]]
    rig: Callable[[Release], AbstractContextManager[None]] = _undisturbed


@dataclass(frozen=True)
class Round:
    """A fault under load: `broke` and `accepted` in seconds since the load's start."""

    load: Load
    comparison: Comparison
    broke: float
    accepted: float | None

    @property
    def recovery(self) -> float | None:
        """Seconds from PostgreSQL's word that it accepts connections to the first right answer of the api.

        None where PostgreSQL was not away.
        """
        if self.accepted is None:
            return None
        good = [one.ended for one in self.load.requests if not one.problem and one.ended > self.accepted]
        return min(good, default=float("inf")) - self.accepted

    @property
    def gap(self) -> float:
        """The longest time without an acknowledged write, in seconds."""
        ended = sorted(one.ended for one in self.load.requests if one.kind == "write" and not one.problem)
        return max(after - before for before, after in pairwise(ended))

    @property
    def refusals(self) -> Counter[str]:
        """How many requests ended wrong, by status or by the name of the error."""
        return Counter(
            str(one.status) if one.status else one.problem.split()[0] for one in self.load.problems
        )


def suffer(release: Release, url: str, fault: Fault, *, rate: float = RATE) -> Round:
    """Let a fault happen under a load on `url`, wait until all is well, and compare ledger and table.

    Raises:
        UserError: a command fails, or the release is not whole again within six minutes.

    """
    with fault.rig(release):
        with Load(url, rate=rate, kinds=KINDS) as load:
            load.at_least(int(WARM_UP_SECONDS * rate))
            zero, broke = time.time() - monotonic() + load.began, monotonic() - load.began
            with fault.happen(release) as free:
                _wait_for_answers(load, broke)
            wait_whole(release)
            load.at_least(len(load.requests) + int(COOL_DOWN_SECONDS * rate))
        comparison = load.ledger.compare(release.sql("SELECT title FROM app.tasks"))
        release.sql(f"DELETE FROM app.tasks WHERE starts_with(title, '{load.ledger.prefix}')")  # noqa: S608
    return Round(load, comparison, broke, None if free is None else free - zero)


def wait_whole(release: Release) -> None:
    """Wait until every tier runs; of several members of the database one leads, the others follow closely.

    Raises:
        UserError: they do not within six minutes.

    """
    release.wait()
    if not release.has_members():
        return
    until = monotonic() + BACK_SECONDS
    while not _follow(release):
        if monotonic() > until:
            raise FailedError(f"The cluster is not whole again: {members(release)}.")
        time.sleep(0.5)


def acknowledged(rounds: Sequence[Round]) -> int:
    """Return how many writes of these rounds were acknowledged."""
    return sum(one.comparison.states[State.ACKNOWLEDGED] for one in rounds)


def verdict(rounds: Sequence[Round]) -> str:
    """Return what became of the acknowledged writes of these rounds, as a sentence in bold."""
    lost, twice, undead = (
        sum(len(getattr(one.comparison, name)) for one in rounds) for name in ("lost", "duplicates", "undead")
    )
    return (
        f"**{lost} of {acknowledged(rounds)} acknowledged writes were lost, {twice} are there twice, "
        f"{undead} undead.**"
    )


def refused(rounds: Sequence[Round]) -> str:
    """Return how often which wrong answer came in these rounds, or `none`."""
    every = sum((one.refusals for one in rounds), Counter[str]())
    return ", ".join(f"{count} × {name}" for name, count in sorted(every.items())) or "none"


def _follow(release: Release) -> bool:
    found = members(release)
    states = sorted(member.get("state", "") for member in found)
    return (
        len(found) > 1
        and states == ["running", *["streaming"] * (len(found) - 1)]
        and len(found) == len(release.pods("db"))
    )


def _wait_for_answers(load: Load, broke: float) -> None:
    """Return when every answer has been right for a while."""
    until = monotonic() + BACK_SECONDS
    while monotonic() < until:
        now = monotonic() - load.began
        since = max(broke + SETTLE_SECONDS, now - COOL_DOWN_SECONDS)
        recent = [request for request in load.requests if request.due > since]
        if len(recent) > load.rate and not any(request.problem for request in recent):
            return
        time.sleep(0.2)
    raise FailedError("Right answers did not come back.", "Ask scripts/doctor.py why.")
