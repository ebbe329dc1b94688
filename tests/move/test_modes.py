"""`--to ha` and `--to standalone`: what is meant, what is refused, the plan and the values. No cluster."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dev.local.kube_objects import CONTROL_PLANE, DATABASE, database_volume, node, storage_class
from mcapp.errors import FailedError, UserError
from mcapp.kube.inventory import Inventory, from_objects
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import choose_language
from mcapp.move.modes import cli, policies, report, wanted
from mcapp.move.modes.members import Members
from mcapp.move.modes.state import STEPS, Change
from mcapp.move.release import Deployed
from mcapp.move.state import Record

HA = {"topology": "multi", "db": {"mode": "ha"}}
GROWN = Change("ha", 3, "lab-1", ("postgres-pvc",))


def deployed(given: dict[str, Any] | None = None, kubectl: str = "kubectl") -> Deployed:
    return Deployed(Kubectl(kubectl), "helm", "mcapp", "mcapp", given or {})


def member_claim(number: int) -> dict[str, Any]:
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": f"data-db-{number}", "namespace": "mcapp"},
        "spec": {"volumeName": f"pv-{number}", "resources": {"requests": {"storage": "5Gi"}}},
    }


def volume(number: int, home: str) -> dict[str, Any]:
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [home]}]}
    return {
        "kind": "PersistentVolume",
        "metadata": {"name": f"pv-{number}"},
        "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}},
    }


def cluster(labelled: int = 3, *more: dict[str, Any], home: str = "lab-1") -> Inventory:
    """A laptop and some lab machines for the database, the data on one of them."""
    labs = [node(f"lab-{number}", f"192.168.1.20{number}", labels=DATABASE) for number in range(labelled)]
    laptop = node("laptop", "192.168.1.100", labels=CONTROL_PLANE)
    data = database_volume(home) if home else []
    return from_objects(
        [laptop, *labs, storage_class("local-path", default=True), *data, *more], "test", None
    )


def test_growing_keeps_the_servers_claim() -> None:
    move = wanted.begun(deployed({"topology": "multi"}), cluster(), "ha", 3)
    assert move == GROWN
    values = wanted.values(deployed({"topology": "multi"}), cluster(), move).values
    assert (values["topology"], values["db"]["mode"]) == ("multi", "ha")


def test_the_values_of_the_middle_do_not_stay() -> None:
    given = {"topology": "multi", "db": {"mode": "ha", "ha": {"follow": True, "ttl": 30}, "database": "d"}}
    for mode in wanted.MODES:
        db = wanted.with_mode(deployed(given), mode).given["db"]
        assert db == {"mode": mode, "ha": {"ttl": 30}, "database": "d"}


def test_one_server_has_no_password_for_members() -> None:
    given = {
        "topology": "multi",
        "db": {"mode": "ha", "auth": {"replicationPassword": "r", "appPassword": "a"}},
    }
    assert wanted.with_mode(deployed(given), "standalone").given["db"]["auth"] == {"appPassword": "a"}
    assert wanted.with_mode(deployed(given), "ha").given["db"]["auth"] == given["db"]["auth"]  # type: ignore[index]


def test_a_foreign_claim_is_none_of_a_member() -> None:
    foreign = member_claim(0)
    foreign["metadata"]["name"] = "123"
    inventory = cluster(3, foreign, *map(member_claim, range(3)), home="")
    assert wanted.begun(deployed(HA), inventory, "standalone", 4).old == (
        "data-db-0",
        "data-db-1",
        "data-db-2",
    )
    with pytest.raises(UserError, match="has no data"):
        wanted.begun(deployed(HA), cluster(3, foreign, home=""), "standalone", 4)


def test_shrinking_keeps_every_members_claim() -> None:
    homes = [volume(number, f"lab-{2 - number}") for number in range(3)]
    inventory = cluster(3, *homes, *map(member_claim, range(3)), home="")
    move = wanted.begun(deployed(HA), inventory, "standalone", 4)
    assert move.old == ("data-db-0", "data-db-1", "data-db-2")
    # The first member's node: the one server takes its name there.
    assert move.node == "lab-2"
    values = wanted.values(deployed(HA), inventory, move).values
    assert values["db"]["mode"] == "standalone"


@pytest.mark.parametrize(
    ("given", "inventory", "to", "why"),
    [
        ({}, cluster(), "standalone", "in db.mode standalone already"),
        (HA, cluster(), "ha", "in db.mode ha already"),
        ({"topology": "multi"}, cluster(2), "ha", r"3 members need a node each.*: lab-0, lab-1\."),
        ({"topology": "multi"}, cluster(3, member_claim(1)), "ha", "data-db-1 is there already"),
        ({"topology": "multi"}, cluster(3, home=""), "ha", "has no data"),
        (HA, cluster(3, member_claim(0)), "standalone", "postgres-pvc is there already"),
        ({"db": {"mode": "external", "external": {"host": "db"}}}, cluster(), "ha", "does not run in this"),
        ({"db": {"auth": {"resetPasswords": True}}}, cluster(), "ha", "resetPasswords=false"),
    ],
)
def test_what_is_refused(given: dict[str, Any], inventory: Inventory, to: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        wanted.begun(deployed(given), inventory, to, 1)


def asked(**given: Any) -> argparse.Namespace:
    common = {"release": "mcapp", "namespace": "mcapp", "output": "text", "values": None}
    return argparse.Namespace(
        **common, **{"to": None, "back": False, "discard_old": False, "dry_run": False, **given}
    )


def record(release: Deployed) -> Record[Change]:
    return Record(release.kubectl, "mcapp", "db-mode", {}, Change)


@pytest.mark.parametrize(
    ("change", "given", "why"),
    [
        (None, {"back": True}, "no move to go back from"),
        (None, {"discard_old": True}, "no move to go back from"),
        (GROWN, {"discard_old": True}, "The move to ha is not done"),
        (GROWN, {"to": "standalone"}, "A move to ha was begun"),
        (GROWN, {"to": "multi"}, "A move to ha was begun"),
        (Change("ha", 3, "", ("postgres-pvc",), STEPS), {"to": "standalone"}, "still kept .postgres-pvc"),
        (Change("ha", 3, "", (), STEPS, back=True), {"to": "ha"}, "The way back was begun"),
    ],
)
def test_what_an_earlier_run_leaves_open(change: Change | None, given: dict[str, Any], why: str) -> None:
    release = deployed(HA if change and change.finished else {})
    with pytest.raises(UserError, match=why):
        cli.work(release, record(release), change, asked(**given))


@pytest.mark.parametrize("given", [{"to": "ha"}, {"back": True}])
def test_the_record_of_an_earlier_release_is_not_gone_on_with(given: dict[str, Any]) -> None:
    release = deployed({"topology": "multi"})
    finished = Change("ha", 3, "lab-1", ("postgres-pvc",), STEPS)
    with pytest.raises(FailedError, match="delete configmap db-mode -n mcapp"):
        cli.work(release, record(release), finished, asked(**given))


@pytest.fixture
def kubectl(tmp_path: Path) -> str:
    """A kubectl that keeps what is applied, and prints it again."""
    program = tmp_path / "kubectl"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *apply*) cat > {tmp_path}/kept ;; *) cat {tmp_path}/kept ;; esac\n'
    )
    program.chmod(0o755)
    return str(program)


def test_the_record_is_read_as_it_was_written(kubectl: str) -> None:
    records = record(deployed(kubectl=kubectl))
    move = Change("ha", 3, "lab", ("a", "b"), STEPS[:2], switched=True, seconds=(1.5, 2.0), content="x")
    records.save(move)
    assert records.load() == move


def pod(name: str, role: str = "", ready: bool = True, **status: str) -> dict[str, Any]:
    labels = {"mcapp/mode": "ha", "mcapp/role": role} if role else {}
    return {
        "metadata": {"name": name, "labels": labels, "annotations": {"status": json.dumps(status)}},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


SERVER, BEHIND = pod("db-0"), pod("db-2", "replica", state="running")
FOLLOWS = pod("db-1", "standby_leader", state="streaming")
LEADS, STREAMS = pod("db-1", "primary", state="running"), pod("db-2", "replica", state="streaming")
UNREADY = pod("db-2", "replica", ready=False, state="streaming")


@pytest.mark.parametrize(
    ("pods", "count", "whole"),
    [
        ([SERVER, FOLLOWS, STREAMS], 2, True),
        ([SERVER, FOLLOWS, BEHIND], 2, False),
        ([LEADS, STREAMS], 2, True),
        ([LEADS, UNREADY], 2, False),
        ([STREAMS, STREAMS], 2, False),
        ([LEADS], 2, False),
    ],
)
def test_members_are_whole_when_each_has_the_leaders_data(
    pods: list[dict[str, Any]], count: int, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Members, "pods", lambda _: pods)
    assert Members(deployed()).whole(count) is whole


def test_the_one_server_is_the_pod_that_is_no_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Members, "pods", lambda _: [pod("db-1", "standby_leader"), pod("db-0")])
    single = Members(deployed()).single()
    assert single
    assert single["metadata"]["name"] == "db-0"


def test_a_claim_in_use_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = {"spec": {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "postgres-pvc"}}]}}
    monkeypatch.setattr(Members, "pods", lambda _: [mounts])
    release = deployed()
    done = Change("ha", 3, "", ("postgres-pvc",), STEPS)
    with pytest.raises(FailedError, match=r"use these claims: postgres-pvc\."):
        cli.work(release, record(release), done, asked(discard_old=True))


# Stand-ins for a cluster where nothing is left, and for a Helm with the revision or without it.
@pytest.mark.parametrize(
    ("helm", "why"),
    [("echo '{}'", "the new place has the only data"), ("echo no revision >&2; exit 1", "no rev")],
)
def test_no_way_back_changes_anything_without_the_old_data_and_values(
    tmp_path: Path, helm: str, why: str
) -> None:
    called = tmp_path / "called"
    for name, script in (("kubectl", "echo 'Error (NotFound)' >&2; exit 1"), ("helm", helm)):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "$*" >> {called}\n{script}\n')
        program.chmod(0o755)
    release = replace(deployed(HA, str(tmp_path / "kubectl")), program=str(tmp_path / "helm"))
    done = Change("ha", 3, "lab-1", ("postgres-pvc",), STEPS, switched=True)
    with pytest.raises(UserError, match=why):
        cli.work(release, record(release), done, asked(back=True))
    assert all(" get " in f" {line} " for line in called.read_text().splitlines())


def test_policies_are_made_where_the_release_has_some() -> None:
    names = [one["metadata"]["name"] for one in policies.of(deployed({"namePrefix": "blue"}))]
    assert names == ["blue-db-move", "blue-db-move-source"]
    assert not policies.of(deployed({"networkPolicy": {"enabled": False}}))


@pytest.fixture
def _chinese() -> Iterator[None]:
    choose_language("zh-TW")
    yield
    choose_language(None)


@pytest.mark.usefixtures("_chinese")
def test_the_plan_and_a_refusal_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    report.plan(GROWN.after("prepare"), asked())
    shown = capsys.readouterr().out
    assert "db.mode standalone → ha" in shown
    assert "  1 完成 準備       讓成員可從 lab-1 上的伺服器複製" in shown
    with pytest.raises(FailedError, match="已開始搬移到 ha"):
        cli.work(deployed(), record(deployed()), GROWN, asked(to="standalone"))
