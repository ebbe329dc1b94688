"""One server does not become several by an upgrade: that is refused, and the data stay where they are."""

from __future__ import annotations

import pytest

from mcapp.errors import UserError
from tests.e2e.conftest import Up
from tests.e2e.growth import ledger_kept

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


def test_an_upgrade_to_several_servers_is_refused_and_changes_nothing(installed: Up) -> None:
    release = installed.release
    before = release.helm("get manifest")
    uid = release.get("pod", "db-0")["metadata"]["uid"]
    with ledger_kept(installed), pytest.raises(UserError, match=r"NOTHING WAS CHANGED") as told:
        release.upgrade("db.mode=ha")
    assert "python scripts/movedb.py --to ha -n mcapp --release mcapp" in str(told.value)
    assert release.helm("get manifest") == before
    assert release.get("pod", "db-0")["metadata"]["uid"] == uid
    assert not release.get("endpoints", "--selector", "mcapp/cluster=db")["items"]
