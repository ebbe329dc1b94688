"""Random faults on a release for a long time, and the memory of the pods meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from dev.kind.release import Release
from dev.load.disks import MACHINE_FAULTS
from dev.load.faults import FAULTS
from dev.load.round import Fault, Round, run_fault
from mcapp.errors import UserError

TIERS = ("web", "api")
# The resident memory of each process of a pod. A shared page counts for each process.
_RESIDENT = "cat /proc/[0-9]*/status 2>/dev/null | sed -n 's/^VmRSS:[[:space:]]*\\([0-9]*\\) kB/\\1/p'"


@dataclass(frozen=True)
class Turn:
    """One fault, its end (s since the start), and each pod's resident memory then (MiB)."""

    fault: str
    ended: float
    round: Round
    memory: dict[str, float]


def soak(release: Release, url: str, *, seconds: float, seed: int) -> Iterator[Turn]:
    """Cause one fault after the other, in an order that `seed` decides, until the time is over.

    Raises:
        UserError: a command fails, or the release is not whole within six minutes.

    """
    faults: dict[str, Fault] = {**FAULTS, **MACHINE_FAULTS}
    chance = random.Random(seed)  # noqa: S311 - no secret
    began = monotonic()
    while monotonic() - began < seconds:
        name = chance.choice(list(faults))
        result = run_fault(release, url, faults[name])
        yield Turn(name, monotonic() - began, result, memory(release))


def memory(release: Release) -> dict[str, float]:
    """Return the resident memory, in MiB, of each running pod of web and api."""
    mib = {}
    for pod in release.pods(",".join(TIERS)):
        name = pod["metadata"]["name"]
        try:
            shown = release.exec(name, "sh", "-c", _RESIDENT)
        except UserError:
            # The pod is terminating.
            continue
        mib[name] = sum(map(int, shown.split())) / 1024
    return mib


def of_tier(turns: Sequence[Turn], tier: str) -> list[float]:
    """Return the memory of a tier's pods after these turns, in MiB."""
    return [mib for turn in turns for name, mib in turn.memory.items() if name.startswith(f"{tier}-")]
