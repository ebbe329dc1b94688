"""Members watched by Prometheus: no leader, and a replica that lags, by their real faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dev.kind.images.source import Source
from dev.load.failover import PATRONICTL
from dev.load.round import wait_whole
from mcapp import wait
from tests.addons.prometheus import Watched, watched
from tests.e2e.conftest import Up
from tests.e2e.processes import signal

pytestmark = pytest.mark.addons
TOPOLOGY = "ha"
# The lag's alert waits for five minutes.
FIRED_SECONDS, CLEARED_SECONDS = 480, 240
# The alert begins at 64 MiB.
FILLER_BYTES = 80 * 2**20


@pytest.fixture(scope="module")
def seen(installed: Up, source: Source) -> Iterator[Watched]:
    """The watched release of three members."""
    with watched(installed, source) as made:
        yield made


@contextmanager
def nobody_leads(seen: Watched) -> Iterator[None]:
    release = seen.up.release
    leader = release.database_pod()
    release.exec(leader, *PATRONICTL, "pause", "--wait", container="postgres")
    try:
        release.exec(leader, "pg_ctl", "--mode=fast", "stop", container="postgres")
        yield
    finally:
        release.exec(leader, *PATRONICTL, "resume", "--wait", container="postgres")
        wait_whole(release)


@contextmanager
def replica_behind(seen: Watched) -> Iterator[None]:
    release = seen.up.release
    behind = next(member["name"] for member in release.members() if member["state"] == "streaming")
    signal(release, behind, "startup recovering", "STOP")
    try:
        release.sql(f"SELECT pg_logical_emit_message(true, 'filler', repeat('-', {FILLER_BYTES}))")
        yield
    finally:
        signal(release, behind, "startup recovering", "CONT")
        wait_whole(release)


FAULTS = {"McappNoLeader": nobody_leads, "McappReplicaLagging": replica_behind}


# Two and six minutes: the alerts' own patience.
@pytest.mark.parametrize("alert", FAULTS)
def test_an_alert_fires_by_its_fault_and_clears(
    seen: Watched, alert: str, record_property: Callable[[str, object], None]
) -> None:
    assert wait.until(lambda: alert not in seen.firing(), CLEARED_SECONDS, pause=2)
    with FAULTS[alert](seen):
        began = time.monotonic()
        assert wait.until(lambda: alert in seen.firing(), FIRED_SECONDS, pause=2), seen.firing()
        record_property("fires after (s)", round(time.monotonic() - began))
    ended = time.monotonic()
    assert wait.until(lambda: alert not in seen.firing(), CLEARED_SECONDS, pause=2), seen.firing()
    record_property("clears after (s)", round(time.monotonic() - ended))
