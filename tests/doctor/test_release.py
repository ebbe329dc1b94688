"""A release that helm was killed at, and a claim that is being deleted: on recordings."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from mcapp.doctor import cli as doctor
from mcapp.doctor.read import compare
from mcapp.doctor.read.manifest import CONTENT
from mcapp.errors import Exit
from mcapp.kube.release import query
from mcapp.messages import LANGS
from tests.support.doctor_recording import key, load, replay

Found = dict[str, Any]
Call = Callable[..., tuple[Exit, Found]]
HELM = key(query("mcapp", "mcapp", CONTENT))
KINDS = "get deployments,statefulsets,pods,jobs --namespace=mcapp"
WORK = f"{KINDS} --selector=app.kubernetes.io/instance=mcapp --output=json"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command on a recording."""

    def run(document: Found, *arguments: str) -> tuple[Exit, Found]:
        monkeypatch.setattr(doctor, "Reader", lambda *_: replay(document))
        code = doctor.TOOL.main(["--settle", "0", "--output", "json", *arguments])
        return code, json.loads(capsys.readouterr().out)

    return run


def recorded(statuses: list[str], minutes: float, cause: str = "healthy", *work: Found) -> Found:
    """Return a recording in which Helm's last revision got its state so many minutes ago."""
    document = load(cause)
    written = datetime.fromisoformat(document["now"]) - timedelta(minutes=minutes)
    lines = [f"{n}\t{status}\t{written.isoformat()}\t\t\n" for n, status in enumerate(statuses, 1)]
    document["calls"][HELM] = {"code": 0, "out": "".join(lines), "err": ""}
    document["calls"][WORK] = {"code": 0, "out": {"items": list(work)}, "err": ""}
    return document


ROLLS = {"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": {}}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("statuses", "command"),
    [
        (["superseded", "deployed", "pending-upgrade"], "helm rollback mcapp 2 -n mcapp"),
        (["deployed", "pending-rollback"], "helm rollback mcapp 1 -n mcapp"),
        (["pending-install"], "helm rollback mcapp 1 -n mcapp --no-hooks"),
        (["deployed", "uninstalling"], "helm uninstall mcapp -n mcapp"),
    ],
)
def test_a_helm_that_was_killed(call: Call, statuses: list[str], command: str, lang: str) -> None:
    code, found = call(recorded(statuses, 30), "--lang", lang)
    assert (code, found["cause"], found["layer"]) == (Exit.DIFFERS, "release-stuck", "release")
    assert [one["command"] for one in found["commands"]] == [command]
    assert f" {len(statuses)} " in found["problem"]
    assert statuses[-1] in found["problem"]
    assert "2026-11-24 00:04 UTC" in found["problem"]
    assert found["warnings"] == []


def test_a_helm_at_work_is_no_fault(call: Call) -> None:
    for document in (
        recorded(["deployed", "pending-upgrade"], 0.5),
        recorded(["deployed", "pending-upgrade"], 5, "healthy", ROLLS),
    ):
        code, found = call(document)
        assert (code, found["healthy"]) == (Exit.OK, True)
        assert any("A helm is at work: revision 2" in one for one in found["warnings"])


def test_another_fault_comes_first_and_the_killed_helm_is_told(call: Call) -> None:
    _, found = call(recorded(["deployed", "pending-upgrade"], 30, "service-selector"))
    assert found["cause"] == "service-selector"
    assert any("helm rollback mcapp 1 -n mcapp" in one for one in found["warnings"])


def test_an_install_that_made_nothing_yet_explains_that_nothing_is_there(call: Call) -> None:
    document = load("release-missing")
    document = recorded(["pending-install"], 30) | {
        "calls": document["calls"],
        "release": document["release"],
    }
    name = document["release"]
    for call_key, answer in recorded(["pending-install"], 30)["calls"].items():
        if call_key.startswith(("get secrets", KINDS)):
            document["calls"][
                call_key.replace("name=mcapp", f"name={name}").replace("instance=mcapp", f"instance={name}")
            ] = answer
    _, found = call(document)
    assert found["cause"] == "release-stuck"


def test_a_failed_revision_is_told(call: Call) -> None:
    code, found = call(recorded(["deployed", "failed"], 30))
    assert (code, found["healthy"]) == (Exit.OK, True)
    assert any("helm rollback mcapp 1 -n mcapp" in one for one in found["warnings"])


def owned(document: Found, number: int) -> Found:
    """Let Helm have applied a revision on the server."""
    packed = gzip.compress(json.dumps({"apply_method": "ssa", "manifest": ""}).encode())
    content = base64.b64encode(base64.b64encode(packed)).decode()
    document["calls"][HELM]["out"] += f"{number}\t{content}\n"
    return document


def test_a_first_revision_that_failed_has_nothing_to_go_back_to(call: Call) -> None:
    _, found = call(owned(recorded(["failed"], 30), 1))
    (warning,) = (one for one in found["warnings"] if "Revision 1" in one)
    upgrade = (
        "helm upgrade mcapp chart/mcapp -n mcapp --reset-then-reuse-values --force-conflicts -f values.yaml"
    )
    assert warning.endswith(upgrade)
    assert "no earlier one worked" in warning
    assert "rollback" not in warning


@pytest.mark.parametrize("cause", ["crash-loop", "probe-failing", "bad-migration"])
def test_a_rollback_only_to_a_revision_that_worked(call: Call, cause: str) -> None:
    back = {
        ("deployed",): "helm upgrade ",
        ("failed", "deployed"): "helm upgrade ",
        ("superseded", "failed", "deployed"): "helm rollback mcapp 1 -n mcapp",
    }
    for statuses, command in back.items():
        _, found = call(recorded(list(statuses), 30, cause))
        assert found["cause"] == cause
        assert found["commands"][-1]["command"].startswith(command)
    # Without the right to know, it is not said.
    _, found = call(load(cause))
    assert not any("rollback" in one["command"] for one in found["commands"])


def test_a_rollback_takes_back_what_was_changed_by_hand_on_the_server(call: Call) -> None:
    _, found = call(owned(recorded(["superseded", "deployed"], 30, "crash-loop"), 2))
    assert found["commands"][-1]["command"] == "helm rollback mcapp 1 -n mcapp --force-conflicts"
    _, found = call(owned(recorded(["deployed", "failed"], 30), 1))
    assert any(one.endswith("helm rollback mcapp 1 -n mcapp --force-conflicts") for one in found["warnings"])
    _, found = call(owned(recorded(["deployed", "pending-upgrade"], 30), 1))
    assert found["commands"][-1]["command"] == "helm rollback mcapp 1 -n mcapp --force-conflicts"


def test_helm_s_record_is_read_once(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    document, asked = recorded(["superseded", "deployed"], 30, "crash-loop"), []

    class Counting(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            asked.append(name)
            return super().__getitem__(name)

    compared: list[object] = []

    def changes(*given: object) -> list[object]:
        compared.append(given)
        return []

    monkeypatch.setattr(compare, "changes", changes)
    document["calls"] = Counting(document["calls"])
    call(document)
    assert len([name for name in asked if name.startswith("get secret")]) == 1
    assert len(compared) == 1


def test_without_the_right_to_read_secrets_it_says_so(call: Call) -> None:
    document = load("healthy")
    refused = 'Error from server (Forbidden): secrets is forbidden: User "x" cannot list resource "secrets"'
    document["calls"][HELM] = {"code": 1, "out": "", "err": refused}
    _, found = call(document)
    for part in ("Helm's record of the release", "changes by hand"):
        assert any(one.startswith(f"{part}: ") and "is forbidden" in one for one in found["left_out"])


def deleting(document: Found, policy: str = "Delete") -> Found:
    """Let the claim of db be deleted under its pod."""
    (items,) = (
        answer["out"]["items"] for name, answer in document["calls"].items() if name.startswith("get nodes,")
    )
    for item in items:
        if item["kind"] == "PersistentVolumeClaim":
            item["metadata"]["deletionTimestamp"] = "2026-11-24T00:30:00Z"
        if item["kind"] == "PersistentVolume":
            item["spec"]["persistentVolumeReclaimPolicy"] = policy
    return document


@pytest.mark.parametrize(
    ("lang", "loud", "fate"),
    [("en", "DATA IN DANGER", "is deleted with all data"), ("zh-TW", "資料有危險", "連同所有資料一起刪除")],
)
def test_a_claim_that_is_being_deleted_is_the_loudest(call: Call, lang: str, loud: str, fate: str) -> None:
    code, found = call(deleting(load("healthy")), "--lang", lang)
    assert (code, found["cause"], found["layer"]) == (Exit.DIFFERS, "claim-deleting", "storage")
    assert found["problem"].startswith(loud)
    assert fate in found["problem"]
    backup, rescue = (one["command"] for one in found["commands"])
    assert backup.endswith(" create -n mcapp --release mcapp")
    assert rescue.endswith(" rescue -n mcapp --release mcapp")
    assert found["warnings"] == []


def test_it_is_louder_than_another_fault(call: Call) -> None:
    _, found = call(deleting(load("service-selector"), "Retain"))
    assert found["cause"] == "claim-deleting"
    assert "no pod gets it" in found["problem"]
    assert any("selector of Service" in one for one in found["warnings"])


def test_a_namespace_that_is_being_deleted(call: Call) -> None:
    document = load("release-missing")
    space = document["namespace"]
    told = {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "something has a finalizer"}
    namespace = {
        "metadata": {"name": space, "deletionTimestamp": "2026-11-24T00:30:00Z"},
        "status": {"phase": "Terminating", "conditions": [told]},
    }
    document["calls"][f"get namespace {space} --output json"] = {
        "code": 0,
        "out": json.dumps(namespace),
        "err": "",
    }
    code, found = call(document)
    assert (code, found["cause"]) == (Exit.DIFFERS, "namespace-terminating")
    assert any("something has a finalizer" in one["line"] for one in found["evidence"])
