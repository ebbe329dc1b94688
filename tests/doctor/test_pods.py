"""Why a controller makes no pods: by its newest try, and not by the first message that it keeps."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from mcapp.doctor.checks import pods
from mcapp.doctor.finding import Diagnosis, Finding
from mcapp.doctor.read.snapshot import Snapshot
from tests.support.doctor_recording import load, objects, replay

LATER = "2026-11-24T00:39:01Z"
REFUSED = 'Error creating: admission webhook "images.lab.example" denied the request: not signed'


def _found(**about: str) -> Finding:
    """Return what is found of web where a newer event tells of another refusal."""
    document = load("pod-security")
    items: list[dict[str, Any]] = objects(document)
    failed = deepcopy(next(one for one in items if one.get("reason") == "FailedCreate"))
    failed["involvedObject"] |= about
    shot = Snapshot(
        "mcapp",
        "mcapp",
        datetime.now(UTC),
        [*items, failed | {"lastTimestamp": LATER, "message": REFUSED}],
    )
    return next(pods.check(shot, replay(document), Diagnosis("mcapp", "mcapp")))


def test_another_obstacle_than_the_first() -> None:
    found = _found()
    assert (found.cause, found.parts["why"]) == ("pods-not-created", REFUSED)
    assert REFUSED in found.evidence[0].line
    assert found.steps[0].kubectl[:3] == ("rollout", "restart", "deployment/web")


def test_the_message_of_another_workload_is_not_its_own() -> None:
    found = _found(name="web-test-544d9c494b")
    assert found.cause == "pod-security"
    assert not any(REFUSED in one.line for one in found.evidence)
