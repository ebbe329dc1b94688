"""The database dies under load in every way of the bench, once each: no promise is broken."""

from __future__ import annotations

import pytest
from e2e.conftest import Up
from mcapp.load.faults import FAULTS, suffer
from mcapp.load.ledger import State

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


@pytest.mark.parametrize("fault", FAULTS)
def test_no_acknowledged_write_is_lost(installed: Up, fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = suffer(installed.release, installed.pages()[1], fault)
    with capsys.disabled():
        print(f" [gap {found.gap:.1f} s, right again {found.recovery:.2f} s after it accepts]")
    assert found.comparison.agrees, found.comparison
    assert found.comparison.states[State.ACKNOWLEDGED] > 50
    # It was away, and whoever asked was told so.
    assert found.load.problems
    assert set(found.refusals) <= {"503"}, found.refusals
    installed.release.wait()
