"""Each fault of bench.reliability once: the table contradicts no answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dev.load.disks import MACHINE_FAULTS
from dev.load.faults import DEATHS, FAULTS
from dev.load.ledger import State
from dev.load.rollout import CHANGES
from dev.load.round import run_fault
from dev.load.soak import TIERS, of_tier, soak
from tests.e2e.conftest import Up

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


# Rollouts and upgrades have tests of their own.
ONCE = {name: fault for name, fault in {**FAULTS, **MACHINE_FAULTS}.items() if name not in CHANGES}
SOAK_SECONDS, SEED = 15.0, 7
# The least memory of a process of web or api, and the most of a whole pod.
MIB = (2, 160)
# The server runs all the time, if busy at times.
UNNOTICED = FAULTS.keys() - DEATHS | {name for name in MACHINE_FAULTS if "clock" in name}


# Disks and clocks of a machine take a minute each, and bench.reliability causes them three times.
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] if name in MACHINE_FAULTS else []) for name in ONCE],
)
def test_no_acknowledged_write_is_lost(installed: Up, name: str, show: Callable[[str], None]) -> None:
    result = run_fault(installed.release, installed.pages()[1], ONCE[name])
    show(f"{name}: gap {result.gap:.1f} s, right again {result.recovery or 0:.2f} s after it accepts")
    assert result.comparison.agrees, result.comparison
    assert result.comparison.states[State.ACKNOWLEDGED] > 50
    # A client of a database that is away gets this answer and no other.
    assert set(result.refusals) <= {"503"}, result.refusals
    assert result.refusals or name in UNNOTICED
    said = {one.problem for one in result.load.problems}
    assert name != "db's disk full" or all("the disk of the database is full" in problem for problem in said)


def test_a_short_soak_breaks_no_promise_and_sees_everybody_s_memory(installed: Up) -> None:
    url = installed.pages()[1]
    turns = list(soak(installed.release, url, seconds=SOAK_SECONDS, seed=SEED))
    assert turns
    assert all(turn.round.comparison.agrees for turn in turns)
    for tier in TIERS:
        assert all(MIB[0] < mib < MIB[1] for mib in of_tier(turns, tier)), turns[-1].memory
        assert of_tier(turns, tier)
