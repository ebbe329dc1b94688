"""Everything that may happen to a release, at random for a long time, and the memory of those who live on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from dev.kind.release import Release
from dev.load.disks import DISTRESS
from dev.load.faults import FAULTS
from dev.load.round import Fault, Round, suffer
from mcapp.config import NAMESPACE
from mcapp.errors import UserError

TIERS = ("web", "api")
# What every process of a pod has in memory; shared pages count for each.
_RESIDENT = "cat /proc/[0-9]*/status 2>/dev/null | sed -n 's/^VmRSS:[[:space:]]*\\([0-9]*\\) kB/\\1/p'"


@dataclass(frozen=True)
class Turn:
    """One fault: when it was over (s since the start), and each pod's resident memory then (MiB)."""

    fault: str
    ended: float
    round: Round
    memory: dict[str, float]


def soak(release: Release, url: str, *, seconds: float, seed: int) -> Iterator[Turn]:
    """Do fault after fault, in an order that the seed decides, until the time is over.

    Raises:
        UserError: a command fails, or the release is not whole again within six minutes.

    """
    faults: dict[str, Fault] = {**FAULTS, **DISTRESS}
    chance = random.Random(seed)  # noqa: S311 - no secret
    began = monotonic()
    while monotonic() - began < seconds:
        name = chance.choice(list(faults))
        found = suffer(release, url, faults[name])
        yield Turn(name, monotonic() - began, found, memory(release))


def memory(release: Release) -> dict[str, float]:
    """Return the resident memory, in MiB, of each running pod of web and api."""
    found = {}
    for pod in release.pods(",".join(TIERS)):
        name = pod["metadata"]["name"]
        try:
            shown = release.cluster.kubectl("-n", NAMESPACE, "exec", name, "--", "sh", "-c", _RESIDENT)
        except UserError:
            # On its way out.
            continue
        found[name] = sum(map(int, shown.split())) / 1024
    return found


def of_tier(turns: Sequence[Turn], tier: str) -> list[float]:
    """Return what the pods of a tier had in memory after these turns, in MiB."""
    return [mib for turn in turns for name, mib in turn.memory.items() if name.startswith(f"{tier}-")]
