"""One round: a fault on a release under a load, and the comparison of the ledger with the table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic

from dev.kind.release import Release
from dev.load.client import RATE, Kind, Load
from dev.load.ledger import Comparison, State
from mcapp import wait
from mcapp.errors import FailedError

KINDS: tuple[Kind, ...] = ("write", "read")
WARM_UP_SECONDS = 3.0
# Clients notice only after a while that a leader is cut off.
SETTLE_SECONDS = 3.0
COOL_DOWN_SECONDS = 2.0
# Kubernetes waits up to five minutes before it starts a crashing container again.
BACK_SECONDS = 360.0


def _undisturbed(release: Release) -> AbstractContextManager[None]:
    del release
    return nullcontext()


@dataclass(frozen=True)
class Fault:
    """A fault of a release.

    `happen` causes it before its block, and repairs after the block what does not heal by itself. It yields
    the time (a reading of time.time()) at which PostgreSQL could answer again; None where PostgreSQL was
    never stopped, or another server took over. `rig` prepares the release before the load, and cleans up
    after it.
    """

    happen: Callable[[Release], AbstractContextManager[float | None]]
    rig: Callable[[Release], AbstractContextManager[None]] = _undisturbed


@dataclass(frozen=True)
class Round:
    """The result of one round. `accepted` is in seconds since the load's start."""

    load: Load
    comparison: Comparison
    accepted: float | None

    @property
    def recovery(self) -> float | None:
        """Seconds from the time at which PostgreSQL accepts connections to the first right answer of the api.

        None where PostgreSQL was not stopped.
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
        """The number of requests without the right answer, by status or by the name of the error."""
        return Counter(
            str(one.status) if one.status else one.problem.split()[0] for one in self.load.problems
        )


def run_fault(release: Release, url: str, fault: Fault, *, rate: float = RATE) -> Round:
    """Cause a fault under a load on `url`, wait until the release is whole, compare ledger and table.

    Raises:
        UserError: a command fails, or the release is not whole within six minutes.

    """
    with fault.rig(release):
        with Load(url, rate=rate, kinds=KINDS) as load:
            load.at_least(int(WARM_UP_SECONDS * rate))
            zero = time.time() - monotonic() + load.began
            with fault.happen(release) as accepts:
                # Some take seconds to cause.
                _wait_for_answers(load, monotonic() - load.began)
            wait_whole(release)
            load.at_least(len(load.requests) + int(COOL_DOWN_SECONDS * rate))
        comparison = load.ledger.compare(release.sql("SELECT title FROM app.tasks"))
        release.sql(f"DELETE FROM app.tasks WHERE starts_with(title, '{load.ledger.prefix}')")  # noqa: S608
    return Round(load, comparison, None if accepts is None else accepts - zero)


def wait_whole(release: Release) -> None:
    """Wait until every tier runs and, in mode ha, every replica streams from the leader.

    Raises:
        UserError: this takes more than six minutes.

    """
    release.wait()
    if release.is_ha() and not wait.until(lambda: _all_stream(release), BACK_SECONDS, pause=0.5):
        raise FailedError(f"The members are not whole again: {release.members()}.")


def acknowledged(rounds: Sequence[Round]) -> int:
    """Return the number of acknowledged writes in these rounds."""
    return sum(one.comparison.states[State.ACKNOWLEDGED] for one in rounds)


def verdict(rounds: Sequence[Round]) -> str:
    """Return what these rounds say of the ledger's promises, as a sentence in bold."""
    every = [one.comparison for one in rounds]
    lost, twice = sum(len(one.lost) for one in every), sum(len(one.duplicates) for one in every)
    refused = sum(len(one.written_although_refused) for one in every)
    return (
        f"**{lost} of {acknowledged(rounds)} acknowledged writes were lost, {twice} were written twice, "
        f"{refused} were written although refused.**"
    )


def wrong_answers(rounds: Sequence[Round]) -> str:
    """Return the wrong answers of these rounds with their numbers, or `none`."""
    every = sum((one.refusals for one in rounds), Counter[str]())
    return ", ".join(f"{count} × {name}" for name, count in sorted(every.items())) or "none"


def _all_stream(release: Release) -> bool:
    members = release.members()
    states = sorted(member.get("state", "") for member in members)
    return (
        len(members) > 1
        and states == ["running", *["streaming"] * (len(members) - 1)]
        and len(members) == len(release.pods("db"))
    )


def _wait_for_answers(load: Load, happened: float) -> None:
    """Wait until every answer has been right for a while."""

    def all_right() -> bool:
        since = max(happened + SETTLE_SECONDS, monotonic() - load.began - COOL_DOWN_SECONDS)
        recent = [request for request in load.requests if request.due > since]
        return len(recent) > load.rate and not any(request.problem for request in recent)

    if not wait.until(all_right, BACK_SECONDS):
        raise FailedError("The api does not answer right again.", "Ask scripts/doctor.py why.")
