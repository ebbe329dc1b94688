"""One server becomes three members, loses its leader, and is one server again; in short what test_ha does.

All members run on the one node for the database, so that the test needs no cluster of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dev.kind.cluster import load
from dev.kind.images import app_images
from dev.kind.images.source import choose_source
from dev.load.failover import LEADER_LOST
from dev.load.round import run_fault, wait_whole
from tests.e2e.conftest import Up
from tests.e2e.growth import change, ledger_kept, only_the_first_is_left

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


def roles(up: Up) -> set[str]:
    return {role["metadata"]["name"] for role in up.release.get("roles")["items"]}


def test_one_server_becomes_three_members_and_one_again(installed: Up, show: Callable[[str], None]) -> None:
    load(installed.cluster, list(app_images(choose_source("auto"), ha=True).values()))
    with ledger_kept(installed):
        # Strict: the way back must end that, or the last server waits for replicas that no longer exist.
        change(installed, "ha", "db.ha.antiAffinity=preferred", "db.ha.synchronousStrict=true")
        wait_whole(installed.release)
    result = run_fault(installed.release, installed.pages()[0], LEADER_LOST["leader's pod killed"])
    show(f"gap {result.gap:.1f} s")
    assert result.comparison.agrees, result.comparison
    assert result.refusals
    with ledger_kept(installed):
        change(installed, "standalone")
        only_the_first_is_left(installed)
    # The Role outlives the last member: without it, that member would leave a read-only server.
    assert "db" in roles(installed)
    change(installed, "standalone")
    assert "db" not in roles(installed)
