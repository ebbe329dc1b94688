"""Between the members of a database on three nodes: nothing in the clear."""

from __future__ import annotations

import pytest

from dev.load.round import wait_whole
from tests.e2e.conftest import Up

pytestmark = [pytest.mark.kind, pytest.mark.ha]
TOPOLOGY = "ha"
# Asks Patroni's REST interface of another member in plain HTTP.
PLAIN = """import sys, urllib.request
try:
    print(urllib.request.urlopen(f"http://{sys.argv[1]}:8008/patroni", timeout=5).status)
except OSError as error:
    print(type(error).__name__)
"""


def test_members_say_nothing_in_the_clear(installed: Up) -> None:
    release = installed.release
    wait_whole(release)
    encrypted = "SELECT count(*), bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_replication USING (pid)"
    assert release.sql(encrypted) == ["2|t"]
    leader = release.database_pod()
    for other in {"db-0", "db-1", "db-2"} - {leader}:
        address = release.get("pod", other)["status"]["podIP"]
        where = f"[{address}]" if ":" in address else address
        said = release.exec(leader, "python", "-c", PLAIN, where, container="postgres")
        assert said in ("RemoteDisconnected", "ConnectionResetError", "BadStatusLine"), said
