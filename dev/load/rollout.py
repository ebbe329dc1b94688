"""Every way in which web and api are replaced, done one after the other while requests go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, time_ns

from dev.kind.release import Release
from dev.load.client import RATE, Load, Request
from mcapp.config import CHART, RELEASE

WARM_UP_SECONDS = 3


def _upgrade(release: Release) -> None:
    stamp = f"podAnnotations.rolled=at-{time_ns()}"
    release.helm(
        "upgrade", RELEASE, CHART, "--reset-then-reuse-values", "--set", f"web.{stamp},api.{stamp}", "--wait"
    )


CHANGES: dict[str, Callable[[Release], object]] = {
    "kubectl rollout restart deployment/web": lambda release: release.restart("web"),
    "kubectl rollout restart deployment/api": lambda release: release.restart("api"),
    "helm upgrade, a value of both": _upgrade,
    "helm rollback": lambda release: release.helm("rollback", RELEASE, "--wait"),
}


@dataclass
class Rolled:
    """The load, and from when to when (s since its start) each change went on."""

    load: Load
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    def during(self, change: str) -> list[Request]:
        """Return the requests that were due while a change went on, until the last old pod was gone."""
        begin, end = self.spans[change]
        return [request for request in self.load.requests if begin <= request.due < end]


def roll(release: Release, url: str, *, requests: int, rate: float = RATE) -> Rolled:
    """Do every change under a load on `url`, and go on until at least so many requests have ended.

    Raises:
        UserError: a change fails, or its pods do not become ready.

    """
    with Load(url, rate=rate) as load:
        rolled = Rolled(load)
        load.at_least(int(rate * WARM_UP_SECONDS))
        for name, change in CHANGES.items():
            begin = monotonic() - load.began
            change(release)
            release.wait()
            release.wait_gone()
            rolled.spans[name] = (begin, monotonic() - load.began)
        load.at_least(requests)
    return rolled
