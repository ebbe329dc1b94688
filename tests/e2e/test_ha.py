"""A database on three nodes under load: to one server and back to three, and every loss of its leader."""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns

import pytest

from dev.load.failover import FAULTS, LEADER_LOST, PATRONICTL, switch_over
from dev.load.ledger import State
from dev.load.round import run_fault, wait_whole
from mcapp.doctor.checks.ha import LAG_BYTES
from mcapp.errors import Exit
from tests.e2e.conftest import Up
from tests.e2e.examination import record, wait_for_cause
from tests.e2e.growth import change, ledger_kept, only_the_first_is_left
from tests.e2e.processes import signal

pytestmark = [pytest.mark.kind, pytest.mark.ha]
TOPOLOGY = "ha"
AIM_SECONDS = 15.0
# A leader that is killed or restarted may become the leader again.
STAYS = {"leader's pod killed", "rolling upgrade"}


def test_genvalues_proposes_it_and_each_member_has_a_node(installed: Up) -> None:
    wait_whole(installed.release)
    assert len(installed.nodes_of("db")) == 3
    assert len({member["name"] for member in installed.release.members()}) == 3


def another_leads(up: Up) -> None:
    """Make another member than db-0 the leader: one server alone would not use its volume."""
    if up.release.database_pod() == "db-0":
        with switch_over(up.release):
            wait_whole(up.release)
    assert up.release.database_pod() != "db-0"


# The three long tests of this file take about one to three minutes each.
@pytest.mark.long
def test_back_to_one_server_and_up_again_keeps_the_data(installed: Up) -> None:
    release = installed.release
    with ledger_kept(installed) as load:
        another_leads(installed)
        change(installed, "standalone")
        only_the_first_is_left(installed)
        load.at_least(len(load.requests) + 40)
        change(installed, "ha")
        wait_whole(release)
    # After a rollback, Patroni's record keeps db-0 from becoming the leader before it has caught up.
    with ledger_kept(installed):
        another_leads(installed)
        release.helm("rollback", "--timeout", "4m")
        change(installed, "ha")
        wait_whole(release)


@pytest.mark.long
def test_members_take_another_password_of_the_replicator(installed: Up) -> None:
    with ledger_kept(installed):
        change(installed, "ha", f"db.auth.replicationPassword=next-{time_ns()}")
        wait_whole(installed.release)


def test_an_upgrade_restarts_one_member_at_a_time(installed: Up) -> None:
    with FAULTS["rolling upgrade"].happen(installed.release):
        wait_whole(installed.release)
    pods = {pod["metadata"]["name"]: pod for pod in installed.release.pods("db")}
    conditions = {one["type"]: one for one in pods.pop("db-0")["status"]["conditions"]}
    # Another member's new pod is created after that. Times are in UTC, and sort as text.
    first_ready = conditions["Ready"]["lastTransitionTime"]
    assert all(pod["metadata"]["creationTimestamp"] >= first_ready for pod in pods.values())


@pytest.mark.long
def test_a_timeline_s_number_is_taken_once(installed: Up) -> None:
    """A leader that is lost during its promotion may have used numbers that no other member knows."""
    release, now = installed.release, "SELECT timeline_id FROM pg_control_checkpoint()"
    (before,) = map(int, release.sql(f"CHECKPOINT; {now}"))
    taken = f"mcapp/timeline={before + 3} another"
    release.kubectl("annotate", "configmap/db-config", taken, "--overwrite")
    with ledger_kept(installed), switch_over(release):
        wait_whole(release)
    (after,) = map(int, release.sql(f"CHECKPOINT; {now}"))
    assert after == before + 4
    # A replica that starts again gets over the gap in the numbers.
    release.restart("db-ha")
    wait_whole(release)


def named_by_the_doctor(up: Up, cause: str) -> None:
    code, report = wait_for_cause(up.release, cause)
    assert (code, report["cause"]) == (Exit.DIFFERS, cause), report
    record(up.release, cause)


def well_again(up: Up) -> None:
    wait_whole(up.release)
    code, report = wait_for_cause(up.release, None)
    assert code == Exit.OK, report


def test_the_doctor_says_that_nobody_leads(installed: Up) -> None:
    release = installed.release
    leader = release.database_pod()
    release.exec(leader, *PATRONICTL, "pause", "--wait", container="postgres")
    try:
        release.exec(leader, "pg_ctl", "--mode=fast", "stop", container="postgres")
        named_by_the_doctor(installed, "no-leader")
    finally:
        release.exec(leader, *PATRONICTL, "resume", "--wait", container="postgres")
    well_again(installed)


def test_the_doctor_names_a_replica_that_is_behind(installed: Up) -> None:
    release = installed.release
    behind = next(member["name"] for member in release.members() if member["state"] == "streaming")

    # A signal, because Patroni would undo a pause by SQL at once.
    signal(release, behind, "startup recovering", "STOP")
    try:
        release.sql(f"SELECT pg_logical_emit_message(true, 'filler', repeat('-', {2 * LAG_BYTES}))")
        named_by_the_doctor(installed, "replica-lagging")
    finally:
        signal(release, behind, "startup recovering", "CONT")
    well_again(installed)


@pytest.mark.parametrize("name", FAULTS)
def test_no_acknowledged_write_is_lost(installed: Up, name: str, show: Callable[[str], None]) -> None:
    before = installed.release.database_pod()
    result = run_fault(installed.release, installed.pages()[0], FAULTS[name])
    show(f"{name}: gap {result.gap:.1f} s")
    assert result.comparison.agrees, result.comparison
    assert result.comparison.states[State.ACKNOWLEDGED] > 50
    assert name not in LEADER_LOST or result.gap < AIM_SECONDS
    # The fault did happen: clients saw it, and there is a new leader where the old one could not stay.
    assert result.refusals
    assert name in STAYS or installed.release.database_pod() != before
