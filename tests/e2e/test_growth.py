"""One server that becomes three members, loses its leader, and is one again: in short what test_ha.py does.

On the one node that there is for the database, so that it needs no cluster of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dev.kind.cluster import load
from dev.kind.images import app_images
from dev.kind.images.source import choose_source
from dev.load.failover import LEADER_LOST
from dev.load.round import suffer, wait_whole
from tests.e2e.conftest import Up
from tests.e2e.growth import change, only_the_first_is_left, promised

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


def roles(up: Up) -> set[str]:
    return {role["metadata"]["name"] for role in up.cluster.get("roles", "-n", "mcapp")["items"]}


def test_one_server_becomes_three_members_and_one_again(installed: Up, show: Callable[[str], None]) -> None:
    load(installed.cluster, list(app_images(choose_source("auto"), ha=True).values()))
    with promised(installed):
        # Strict: the way back must end that, or the last server waits for replicas that will not come.
        change(installed, "ha", "db.ha.antiAffinity=preferred", "db.ha.synchronousStrict=true")
        wait_whole(installed.release)
    found = suffer(installed.release, installed.pages()[0], LEADER_LOST["leader's pod killed"])
    show(f"gap {found.gap:.1f} s")
    assert found.comparison.agrees, found.comparison
    assert found.refusals
    with promised(installed):
        change(installed, "standalone")
        only_the_first_is_left(installed)
    # Its rights outlast the last member, which without them would leave a server that only reads.
    assert "db" in roles(installed)
    change(installed, "standalone")
    assert "db" not in roles(installed)
