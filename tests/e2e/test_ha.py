"""A database on three nodes under load: its members, their upgrades, and every loss of its leader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import time_ns

import pytest

from dev.kind.cluster import resume
from dev.kind.docker import docker
from dev.kind.release import Release
from dev.load.attempts import node_of
from dev.load.client import Load
from dev.load.clock import offset, wrong_clock
from dev.load.failover import FAULTS, PATRONICTL, WORST
from dev.load.ledger import State
from dev.load.members import LONGEST, faults
from dev.load.round import run_fault, wait_whole
from mcapp import wait
from mcapp.doctor.checks.ha import LAG_BYTES
from mcapp.errors import Exit, UserError
from tests.e2e.conftest import Up
from tests.e2e.examination import record, wait_for_cause
from tests.e2e.growth import ledger_kept
from tests.e2e.processes import signal

pytestmark = [pytest.mark.kind, pytest.mark.ha]
TOPOLOGY = "ha"
# More than the lease of a silent leader.
HOLD_SECONDS = 30
LEASE_SECONDS = 60
# More than a command in a pod takes.
CLOCK_SECONDS = 60
NAMES = {"db-0", "db-1", "db-2"}
# So often a leader is lost in its promotion, until one is that had not ended it.
PROMOTIONS = 3
# A leader that is killed or restarted may become the leader again.
STAYS = {"leader's postmaster killed", "leader's pod killed", "rolling upgrade"}


def test_genvalues_proposes_it_and_each_member_has_a_node(installed: Up) -> None:
    wait_whole(installed.release)
    assert len(installed.nodes_of("db")) == 3
    assert {member["name"] for member in installed.release.members()} == NAMES
    claims = {claim["metadata"]["name"] for claim in installed.release.get("pvc")["items"]}
    assert claims == {f"data-{name}" for name in NAMES}


def test_an_upgrade_to_one_server_is_refused_and_changes_nothing(installed: Up) -> None:
    release = installed.release
    before = {pod["metadata"]["uid"] for pod in release.pods("db")}
    with ledger_kept(installed), pytest.raises(UserError, match="NOTHING WAS CHANGED") as told:
        release.upgrade("db.mode=standalone")
    assert "python scripts/movedb.py --to standalone -n mcapp --release mcapp" in str(told.value)
    assert {pod["metadata"]["uid"] for pod in release.pods("db")} == before


def lease(release: Release) -> str:
    """Return the line with the leader's lease in the settings that all members share."""
    shown = release.exec(release.database_pod(), *PATRONICTL, "show-config", container="postgres")
    return next(line for line in shown.splitlines() if line.startswith("ttl:"))


# Two rolling upgrades beside the one under the ledger.
@pytest.mark.long
def test_an_upgrade_restarts_one_member_at_a_time_and_changes_what_all_share(installed: Up) -> None:
    release = installed.release
    release.upgrade("db.ha.ttl=30", flags=("--wait", "--timeout", "4m"))
    wait_whole(release)
    pods = {pod["metadata"]["name"]: pod for pod in release.pods("db")}
    for earlier, later in (("db-2", "db-1"), ("db-1", "db-0")):
        conditions = {one["type"]: one for one in pods[earlier]["status"]["conditions"]}
        # Times are in UTC, and sort as text.
        assert pods[later]["metadata"]["creationTimestamp"] >= conditions["Ready"]["lastTransitionTime"]
    assert wait.until(lambda: lease(release) == "ttl: 30", LEASE_SECONDS)


@pytest.mark.long
def test_members_take_another_password_of_the_replicator(installed: Up) -> None:
    release = installed.release
    changed = ("db.ha.ttl=20", f"db.auth.replicationPassword=next-{time_ns()}")
    with ledger_kept(installed):
        release.upgrade(*changed, flags=("--wait", "--timeout", "4m"))
        wait_whole(release)
    assert wait.until(lambda: lease(release) == "ttl: 20", LEASE_SECONDS)


def test_a_member_whose_volume_is_gone_copies_itself_anew(installed: Up) -> None:
    release = installed.release
    lost = next(name for name in sorted(NAMES) if name != release.database_pod())
    with ledger_kept(installed):
        release.kubectl("delete", "pvc", f"data-{lost}", "--wait=false")
        release.kubectl("delete", "pod", lost)
        wait_whole(release)
    assert {member["name"] for member in release.members()} == NAMES


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


# Three minutes: an image, two restarts, two faults. Nothing but the clock itself shows what it decides.
@pytest.mark.long
@pytest.mark.parametrize("seconds", [3600])
def test_a_leader_whose_clock_is_off_is_no_second_one_and_loses_nothing(
    installed: Up, seconds: int, show: Callable[[str], None]
) -> None:
    release = installed.release
    member = next(one["name"] for one in release.members() if one["state"] == "streaming")
    with wrong_clock(release, member, seconds):
        wait_whole(release)
        assert abs(offset(release, member) - seconds) < CLOCK_SECONDS
        others = NAMES - {member}
        assert all(abs(offset(release, other)) < CLOCK_SECONDS for other in others)
        leader = release.database_pod()
        switchover = ("switchover", "--leader", leader, "--candidate", member, "--force")
        with ledger_kept(installed):
            release.exec(leader, *PATRONICTL, *switchover, container="postgres")
            wait_whole(release)
        assert release.database_pod() == member
        for name in ("leader's network cut", "leader's pod killed"):
            result = run_fault(release, installed.pages()[0], FAULTS[name])
            show(f"clock {seconds:+d} s, {name}: gap {result.gap:.1f} s")
            assert result.comparison.agrees, result.comparison
            wait_whole(release)
    wait_whole(release)
    assert abs(offset(release, member)) < CLOCK_SECONDS


@pytest.mark.parametrize("name", FAULTS)
def test_no_acknowledged_write_is_lost(installed: Up, name: str, show: Callable[[str], None]) -> None:
    before = installed.release.database_pod()
    result = run_fault(installed.release, installed.pages()[0], FAULTS[name])
    show(f"{name}: gap {result.gap:.1f} s")
    assert result.comparison.agrees, result.comparison
    assert result.comparison.states[State.ACKNOWLEDGED] > 50
    assert result.gap < WORST[name]
    # The fault did happen: clients saw it, and there is a new leader where the old one could not stay.
    assert result.refusals
    leader = installed.release.database_pod()
    assert name in STAYS or leader != before
    # The Service sends to the leader alone.
    assert installed.release.sql("SELECT pg_is_in_recovery(), current_setting('mcapp.pod')") == [
        f"f|{leader}"
    ]


# Five minutes for faults that most clusters never see.
@pytest.mark.long
@pytest.mark.parametrize("name", LONGEST)
def test_members_that_are_silent_away_or_full(installed: Up, name: str, show: Callable[[str], None]) -> None:
    result = run_fault(installed.release, installed.pages()[0], faults(HOLD_SECONDS)[name])
    show(f"{name}: gap {result.gap:.1f} s")
    assert result.comparison.agrees, result.comparison
    assert result.comparison.states[State.ACKNOWLEDGED] > 50
    assert result.gap < LONGEST[name]


# Three leases.
@pytest.mark.long
def test_a_member_that_is_lost_in_its_promotion(installed: Up, show: Callable[[str], None]) -> None:
    """At most what was acknowledged meanwhile is lost; a member with another history is copied anew."""
    release = installed.release
    with Load(installed.pages()[0], rate=20, kinds=("write",)) as load:
        load.at_least(40)
        for _ in range(PROMOTIONS):
            before = len(load.ledger.writes)
            first, second, third = lose_two_leaders(release)
            meanwhile = {write.title for write in load.ledger.writes[before:]}
            try:
                # Where it had told the third member that one of the two is enough, all was done in time.
                in_time = leader_of(release) == third
                if not in_time:
                    resume(release.cluster, node_of(release, first))
                    assert comes_to_lead(release, {first, third})
            finally:
                resume(release.cluster)
            if not in_time:
                break
            release.wait()
            meanwhile = set()
        anew = copy_those_of_another_history(release)
        load.at_least(len(load.requests) + 40)
    compared = load.ledger.compare(release.sql("SELECT title FROM app.tasks"))
    lost = f"{len(compared.lost)} acknowledged writes lost"
    show(
        f"{first} lost, {second} lost in its promotion, then {leader_of(release)} leads; new: {anew}; {lost}"
    )
    assert set(compared.lost) <= meanwhile
    assert replace(compared, lost=()).agrees, compared
    assert wait.until(lambda: len({_held(release, name) for name in NAMES}) == 1, LEASE_SECONDS)


def leader_of(release: Release) -> str:
    flags = ("--ignore-not-found", "--output", "jsonpath={.metadata.annotations.leader}")
    return release.kubectl("get", "endpoints", "db", *flags)


def comes_to_lead(release: Release, names: set[str]) -> bool:
    return wait.until(lambda: leader_of(release) in names, LEASE_SECONDS, pause=0.1)


def lose_two_leaders(release: Release) -> tuple[str, str, str]:
    """Stop the leader's node, and that of the next one as soon as it leads; return them and the last member.

    It returns when the last one leads, or has not for longer than a lease.
    """
    first = release.database_pod()
    places = {name: node_of(release, name) for name in NAMES}
    docker("kill", places[first])
    assert comes_to_lead(release, NAMES - {first})
    second = leader_of(release)
    docker("kill", places[second])
    (third,) = NAMES - {first, second}
    comes_to_lead(release, {third})
    return first, second, third


def copy_those_of_another_history(release: Release) -> list[str]:
    """Copy the leader onto each replica that does not stream, or knows other origins of its timelines."""

    def apart() -> list[str]:
        try:
            leader = release.database_pod()
            follow = {one["name"] for one in release.members() if one["state"] == "streaming"} | {leader}
            ours = _history(release, leader)
            return sorted(name for name in NAMES if name not in follow or _history(release, name) != ours)
        except UserError:
            # A pod that has just come back runs no program yet.
            return sorted(NAMES)

    wait.until(lambda: not apart(), LEASE_SECONDS)
    names = apart()
    for name in names:
        reinit = (*PATRONICTL, "reinit", "db", name, "--force")
        release.exec(release.database_pod(), *reinit, container="postgres")
    wait_whole(release)
    return names


def _history(release: Release, name: str) -> str:
    """Return what a member knows of where its timelines began."""
    newest = 'cat "$(ls "$PGDATA"/pg_wal/*.history | tail -n 1)"'
    return release.exec(name, "sh", "-c", newest, container="postgres")


def _held(release: Release, name: str) -> tuple[str, str]:
    """Return what a member knows of its timelines, and a digest of what it has replayed of the tasks."""
    query = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM app.tasks t"
    psql = 'PGPASSWORD="$POSTGRES_PASSWORD" psql -qtAX -U postgres -d "$POSTGRES_DB" -c "$1"'
    content = release.exec(name, "sh", "-c", psql, "sh", query, container="postgres")
    return _history(release, name), content
