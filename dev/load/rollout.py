"""Every change that replaces the pods of web and api, one after the other, under load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic, time_ns

from dev.kind.release import Release
from dev.load.client import RATE, Load, Request
from dev.load.pinned import Pinned

WARM_UP_SECONDS = 3


def _upgrade(release: Release) -> None:
    stamp = f"podAnnotations.rolled=at-{time_ns()}"
    release.upgrade(f"web.{stamp},api.{stamp}", flags=("--wait",))


CHANGES: dict[str, Callable[[Release], object]] = {
    "kubectl rollout restart deployment/web": lambda release: release.restart("web"),
    "kubectl rollout restart deployment/api": lambda release: release.restart("api"),
    "helm upgrade, a value of both": _upgrade,
    "helm rollback": lambda release: release.helm("rollback", "--wait"),
}


@dataclass
class Rolled:
    """The load, and the begin and end of each change in seconds since the load's start."""

    load: Load
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    def during(self, change: str) -> list[Request]:
        """Return the requests that were due during a change, until its last old pod was gone."""
        begin, end = self.spans[change]
        return [request for request in self.load.requests if begin <= request.due < end]


def roll(
    release: Release,
    url: str,
    *,
    requests: int,
    changes: Iterable[str] = CHANGES,
    rate: float = RATE,
    pinned: Pinned | None = None,
) -> Rolled:
    """Make the changes under a load on `url`, then go on until at least `requests` requests have ended.

    Raises:
        UserError: a change fails, or its pods do not become ready.

    """
    with Load(url, rate=rate, pinned=pinned) as load:
        rolled = Rolled(load)
        load.at_least(int(rate * WARM_UP_SECONDS))
        for name in changes:
            begin = monotonic() - load.began
            CHANGES[name](release)
            release.wait()
            release.wait_gone()
            rolled.spans[name] = (begin, monotonic() - load.began)
        load.at_least(requests)
    return rolled
