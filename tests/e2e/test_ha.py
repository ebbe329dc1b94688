"""A database on three nodes, under load: back to one server and grown again, its leader lost in every way."""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns

import pytest

from dev.kind.release import members
from dev.load.failover import FAULTS, LEADER_LOST, PATRONICTL, switch_over
from dev.load.ledger import State
from dev.load.round import suffer, wait_whole
from mcapp.config import RELEASE
from mcapp.doctor.checks.ha import LAG_BYTES
from mcapp.errors import Exit
from tests.e2e.conftest import Up
from tests.e2e.examination import record, until
from tests.e2e.faults import Bench
from tests.e2e.growth import change, only_the_first_is_left, promised
from tests.e2e.processes import signal

pytestmark = [pytest.mark.kind, pytest.mark.ha]
TOPOLOGY = "ha"
AIM_SECONDS = 15.0
# Whoever is killed or restarted may lead again.
STAYS = {"leader's pod killed", "rolling upgrade"}


def test_genvalues_proposes_it_and_each_member_has_a_node(installed: Up) -> None:
    wait_whole(installed.release)
    assert len(installed.nodes_of("db")) == 3
    assert len({member["name"] for member in members(installed.release)}) == 3


def another_leads(up: Up) -> None:
    """Let a member lead whose volume one server alone would not use."""
    if up.release.database_pod() == "db-0":
        with switch_over(up.release):
            wait_whole(up.release)
    assert up.release.database_pod() != "db-0"


def test_back_to_one_server_and_up_again_keeps_the_data(installed: Up) -> None:
    release = installed.release
    with promised(installed) as load:
        another_leads(installed)
        change(installed, "standalone")
        only_the_first_is_left(installed)
        load.at_least(len(load.requests) + 40)
        change(installed, "ha")
        wait_whole(release)
    # A rollback leads nobody back: what Patroni wrote down keeps db-0 from leading before it has caught up.
    with promised(installed):
        another_leads(installed)
        release.helm("rollback", RELEASE, "--timeout", "4m")
        change(installed, "ha")
        wait_whole(release)


def test_members_take_another_password_of_the_replicator(installed: Up) -> None:
    with promised(installed):
        change(installed, "ha", f"db.auth.replicationPassword=next-{time_ns()}")
        wait_whole(installed.release)


def test_an_upgrade_restarts_one_member_at_a_time(installed: Up) -> None:
    with FAULTS["rolling upgrade"].happen(installed.release):
        wait_whole(installed.release)
    pods = {pod["metadata"]["name"]: pod for pod in installed.release.pods("db")}
    conditions = {one["type"]: one for one in pods.pop("db-0")["status"]["conditions"]}
    # The old pod of another member is there until its new one is made. Times in UTC, which sort as text.
    first_ready = conditions["Ready"]["lastTransitionTime"]
    assert all(pod["metadata"]["creationTimestamp"] >= first_ready for pod in pods.values())


def test_a_timeline_s_number_is_taken_once(installed: Up) -> None:
    """One that was lost in its promotion may have had numbers of which nobody else heard."""
    release, now = installed.release, "SELECT timeline_id FROM pg_control_checkpoint()"
    (before,) = map(int, release.sql(f"CHECKPOINT; {now}"))
    taken = f"mcapp/timeline={before + 3} another"
    release.cluster.kubectl("-n", "mcapp", "annotate", "configmap/db-config", taken, "--overwrite")
    with promised(installed), switch_over(release):
        wait_whole(release)
    (after,) = map(int, release.sql(f"CHECKPOINT; {now}"))
    assert after == before + 4
    # And one that starts anew finds its way through the numbers between.
    release.restart("db-ha")
    wait_whole(release)


def named_by_the_doctor(up: Up, cause: str) -> None:
    code, found = until(Bench(up.cluster), cause)
    assert (code, found["cause"]) == (Exit.DIFFERS, cause), found
    record(Bench(up.cluster), cause, ())


def well_again(up: Up) -> None:
    wait_whole(up.release)
    code, found = until(Bench(up.cluster), None)
    assert code == Exit.OK, found


def test_the_doctor_says_that_nobody_leads(installed: Up) -> None:
    within = ("-n", "mcapp", "exec", installed.release.database_pod(), "-c", "postgres", "--")
    installed.cluster.kubectl(*within, *PATRONICTL, "pause", "--wait")
    try:
        installed.cluster.kubectl(*within, "pg_ctl", "--mode=fast", "stop")
        named_by_the_doctor(installed, "no-leader")
    finally:
        installed.cluster.kubectl(*within, *PATRONICTL, "resume", "--wait")
    well_again(installed)


def test_the_doctor_names_a_replica_that_is_behind(installed: Up) -> None:
    release = installed.release
    behind = next(member["name"] for member in members(release) if member["state"] == "streaming")

    # Patroni would take a pause by SQL back at once.
    signal(installed.cluster, behind, "startup recovering", "STOP")
    try:
        release.sql(f"SELECT pg_logical_emit_message(true, 'filler', repeat('-', {2 * LAG_BYTES}))")
        named_by_the_doctor(installed, "replica-lagging")
    finally:
        signal(installed.cluster, behind, "startup recovering", "CONT")
    well_again(installed)


@pytest.mark.parametrize("name", FAULTS)
def test_no_acknowledged_write_is_lost(installed: Up, name: str, show: Callable[[str], None]) -> None:
    before = installed.release.database_pod()
    found = suffer(installed.release, installed.pages()[0], FAULTS[name])
    show(f"{name}: gap {found.gap:.1f} s")
    assert found.comparison.agrees, found.comparison
    assert found.comparison.states[State.ACKNOWLEDGED] > 50
    assert name not in LEADER_LOST or found.gap < AIM_SECONDS
    # It did happen: somebody was told so, and where the leader could not stay, another one leads.
    assert found.refusals
    assert name in STAYS or installed.release.database_pod() != before
