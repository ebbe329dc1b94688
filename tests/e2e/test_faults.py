"""What the bench of reliability does, once each: no promise is broken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dev.load.disks import DISTRESS
from dev.load.faults import DEATHS, FAULTS
from dev.load.ledger import State
from dev.load.rollout import CHANGES
from dev.load.round import suffer
from dev.load.soak import TIERS, of_tier, soak
from tests.e2e.conftest import Up

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


# Rollouts and upgrades have tests of their own.
ONCE = {name: fault for name, fault in {**FAULTS, **DISTRESS}.items() if name not in CHANGES}
SOAK_SECONDS, SEED = 15.0, 7
# What a process of web or api has at the least, and all of a pod's at the most.
MIB = (2, 160)
# The server is there all the while, if busy at times.
UNNOTICED = FAULTS.keys() - DEATHS | {name for name in DISTRESS if "clock" in name}


@pytest.mark.parametrize("name", ONCE)
def test_no_acknowledged_write_is_lost(installed: Up, name: str, show: Callable[[str], None]) -> None:
    found = suffer(installed.release, installed.pages()[1], ONCE[name])
    show(f"{name}: gap {found.gap:.1f} s, right again {found.recovery or 0:.2f} s after it accepts")
    assert found.comparison.agrees, found.comparison
    assert found.comparison.states[State.ACKNOWLEDGED] > 50
    # Whoever asked for what was not there was told so.
    assert set(found.refusals) <= {"503"}, found.refusals
    assert found.refusals or name in UNNOTICED
    said = {one.problem for one in found.load.problems}
    assert name != "db's disk full" or all("the disk of the database is full" in problem for problem in said)


def test_a_short_soak_breaks_no_promise_and_sees_everybody_s_memory(installed: Up) -> None:
    url = installed.pages()[1]
    turns = list(soak(installed.release, url, seconds=SOAK_SECONDS, seed=SEED))
    assert turns
    assert all(turn.round.comparison.agrees for turn in turns)
    for tier in TIERS:
        assert all(MIB[0] < mib < MIB[1] for mib in of_tier(turns, tier)), turns[-1].memory
        assert of_tier(turns, tier)
