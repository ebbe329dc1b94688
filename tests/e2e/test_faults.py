"""What the bench of reliability does, once each: no promise is broken."""

from __future__ import annotations

import pytest
from e2e.conftest import Up
from mcapp.load.disks import DISTRESS
from mcapp.load.faults import DEATHS, FAULTS
from mcapp.load.ledger import State
from mcapp.load.rollout import CHANGES
from mcapp.load.round import suffer

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


# Rollouts and upgrades have tests of their own.
ONCE = {name: fault for name, fault in {**FAULTS, **DISTRESS}.items() if name not in CHANGES}
# Nobody asked for what was not there.
UNNOTICED = FAULTS.keys() - DEATHS | {name for name in DISTRESS if "clock" in name}


@pytest.mark.parametrize("name", ONCE)
def test_no_acknowledged_write_is_lost(installed: Up, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = suffer(installed.release, installed.pages()[1], ONCE[name])
    with capsys.disabled():
        print(f" [{name}: gap {found.gap:.1f} s, right again {found.recovery or 0:.2f} s after it accepts]")
    assert found.comparison.agrees, found.comparison
    assert found.comparison.states[State.ACKNOWLEDGED] > 50
    # Whoever asked meanwhile was told so.
    assert set(found.refusals) == (set() if name in UNNOTICED else {"503"}), found.refusals
    said = {one.problem for one in found.load.problems}
    assert name != "db's disk full" or all("the disk of the database is full" in problem for problem in said)
