"""What the bench of reliability does, once each: no promise is broken."""

from __future__ import annotations

import pytest
from e2e.conftest import Up
from mcapp.load.faults import DEATHS, FAULTS
from mcapp.load.ledger import State
from mcapp.load.rollout import CHANGES
from mcapp.load.round import suffer

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


# Rollouts and upgrades have tests of their own.
@pytest.mark.parametrize("name", [name for name in FAULTS if name not in CHANGES])
def test_no_acknowledged_write_is_lost(installed: Up, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = suffer(installed.release, installed.pages()[1], FAULTS[name])
    with capsys.disabled():
        print(f" [{name}: gap {found.gap:.1f} s, right again {found.recovery or 0:.2f} s after it accepts]")
    assert found.comparison.agrees, found.comparison
    assert found.comparison.states[State.ACKNOWLEDGED] > 50
    # Whoever asked while it was away was told so.
    assert set(found.refusals) == ({"503"} if name in DEATHS else set()), found.refusals
