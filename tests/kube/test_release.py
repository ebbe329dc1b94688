"""What Helm's record says of a release, when a helm was cut off, and the command that ends that."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mcapp.kube.release import Look, Revision, failed, mending, parse, query, spoken, working

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def revision(number: int, status: str, minutes: float = 0) -> Revision:
    return Revision(number, status, NOW - timedelta(minutes=minutes))


def test_the_lines_of_kubectl_become_revisions_in_order() -> None:
    printed = (
        "10\tpending-upgrade\t2026-11-29T11:00:00Z\t\t\n"
        "9\tdeployed\t2026-11-29T10:00:00Z\t1796040000\t\n"
        "\t\t2026-11-29T10:00:00Z\t\t\n"
    )
    nine, ten = parse(printed)
    assert (nine.number, nine.status, nine.since) == (9, "deployed", datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert (ten.number, ten.since) == (10, datetime(2026, 11, 29, 11, tzinfo=UTC))
    assert parse("") == ()


def test_the_time_of_a_revision_is_its_own() -> None:
    """Helm gives a new revision the label modifiedAt of the one before."""
    first_installed = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    made, written = "2026-11-29T11:00:00Z", "2026-11-29T11:00:00Z 2026-11-29T11:04:00Z"
    (told,) = parse(f"7\tfailed\t{made}\t{first_installed}\t{written}\t\n")
    assert told.since == datetime(2026, 11, 29, 11, 4, tzinfo=UTC)
    (told,) = parse(f"7\tpending-upgrade\t{made}\t{first_installed}\t\t\n")
    assert told.since == datetime(2026, 11, 29, 11, tzinfo=UTC)


def test_the_content_of_a_revision_is_not_read() -> None:
    """It holds the values, and perhaps passwords."""
    asked = query("lab", "mcapp")
    assert "--selector=owner=helm,name=mcapp" in asked
    assert ".data" not in " ".join(asked)


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
@pytest.mark.parametrize(
    ("minutes", "works", "is_stuck"),
    [(0.5, False, False), (0.5, True, False), (2, False, True), (2, True, False), (11, True, True)],
)
def test_when_nobody_is_at_work(status: str, minutes: float, works: bool, is_stuck: bool) -> None:
    seen = Look((revision(1, "deployed", 60), revision(2, status, minutes)), works)
    assert (seen.stuck(NOW) is not None) is is_stuck


@pytest.mark.parametrize("status", ["deployed", "failed", "superseded", "uninstalled"])
def test_what_has_ended_is_never_stuck(status: str) -> None:
    assert Look((revision(1, status, 600),)).stuck(NOW) is None


def test_an_old_revision_that_stayed_pending_is_past() -> None:
    """A rollback leaves the record of the revision that was cut off as it is."""
    seen = Look((revision(1, "deployed"), revision(2, "pending-upgrade", 90), revision(3, "deployed", 80)))
    assert seen.stuck(NOW) is None


@pytest.mark.parametrize(
    ("statuses", "command"),
    [
        (["superseded", "deployed", "pending-upgrade"], "helm rollback blue 2 -n lab"),
        (["superseded", "deployed", "failed", "pending-rollback"], "helm rollback blue 2 -n lab"),
        (["superseded", "superseded", "failed", "pending-upgrade"], "helm rollback blue 2 -n lab"),
        (["pending-install"], "helm rollback blue 1 -n lab --no-hooks"),
        (["failed", "pending-upgrade"], "helm rollback blue 2 -n lab --no-hooks"),
        (["deployed", "uninstalling"], "helm uninstall blue -n lab"),
    ],
)
def test_the_command_that_ends_it(statuses: list[str], command: str) -> None:
    revisions = tuple(revision(number, status, 60) for number, status in enumerate(statuses, 1))
    assert mending(Look(revisions), "lab", "blue") == command


def test_a_rollback_takes_flags_and_an_uninstall_does_not() -> None:
    flag = "--force-conflicts"
    for statuses, ends in ((["deployed", "failed"], True), (["failed"], True), (["uninstalling"], False)):
        revisions = tuple(revision(number, status) for number, status in enumerate(statuses, 1))
        assert mending(Look(revisions), "lab", "blue", flag).endswith(f" {flag}") is ends


def item(kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": fields.pop("metadata", {}), **fields}


ROLLED = {"observedGeneration": 2, "updatedReplicas": 1, "readyReplicas": 1}
TWO = {"generation": 2}


@pytest.mark.parametrize(
    ("one", "works"),
    [
        (item("Deployment", metadata=TWO, spec={"replicas": 1}, status=ROLLED), False),
        (item("Deployment", metadata=TWO, spec={}, status={**ROLLED, "observedGeneration": 1}), True),
        (
            item("StatefulSet", metadata=TWO, spec={"replicas": 1}, status={**ROLLED, "readyReplicas": 0}),
            True,
        ),
        (item("StatefulSet", metadata=TWO, spec={"replicas": 0}, status={"observedGeneration": 2}), False),
        (item("Pod", metadata={"deletionTimestamp": "2026-11-29T11:00:00Z"}), True),
        (item("Pod"), False),
        (item("Job", metadata={"annotations": {"helm.sh/hook": "pre-upgrade"}}, status={"active": 1}), True),
        (
            item("Job", metadata={"annotations": {"helm.sh/hook": "pre-upgrade"}}, status={"succeeded": 1}),
            False,
        ),
        (item("Job", metadata={"annotations": {"helm.sh/hook": "test"}}, status={"active": 1}), False),
        (item("Job", status={"active": 1}), False),
        (item("ConfigMap"), False),
    ],
)
def test_what_shows_that_helm_has_something_to_wait_for(one: dict[str, Any], works: bool) -> None:
    assert working([one]) is works


def test_a_record_that_is_marked_as_failed_keeps_all_else() -> None:
    """Its form is Helm's: JSON, gzip, base64, and once more base64 as the data of a Secret."""
    document = {
        "name": "mcapp",
        "info": {"status": "pending-upgrade", "description": "Preparing upgrade", "notes": "頁面"},
        "config": {"api": {"replicas": 3}},
        "manifest": "---\n",
        "version": 7,
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(document).encode()))).decode()
    found = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(failed(packed, "pending-upgrade")))))
    assert found["info"] == {
        "status": "failed",
        "description": "pending-upgrade was cut off",
        "notes": "頁面",
    }
    assert {**found, "info": document["info"]} == document


def test_a_time_is_spoken_in_utc() -> None:
    assert spoken(datetime.fromisoformat("2026-11-29T20:00:00+08:00")) == "2026-11-29 12:00 UTC"
