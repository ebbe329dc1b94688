"""A process that accepts connections and says nothing, in each tier and at each moment."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcapp.doctor.checks import hung
from mcapp.doctor.checks.network import WIDE_BYTES
from mcapp.doctor.walk import look
from tests.support.doctor_recording import based, load, objects, replay

LATE = {
    "exitcode": 28,
    "http_code": 0,
    "errormsg": "Operation timed out",
    "time_connect": 0.001,
    "time_total": 3.0,
}
SELF = "http://127.0.0.1:8080/healthz"
TOPOLOGY = "http://127.0.0.1:8080/api/topology"
NO_LOGIN = {"outcome": "failed", "code": "timeout", "reason": "timed out", "detail": "expired", "ms": 2001.0}


@pytest.mark.parametrize(
    ("changes", "pod"),
    [
        ({"web": {SELF: LATE, TOPOLOGY: LATE}}, "pod/web-bbbbc495b-66rb4"),
        ({"web": {"http://10.244.0.6:8000/healthz": LATE}}, "pod/api-79b4fb58ff-2j99q"),
        (
            {"api": {"http": {"readyz": {"outcome": "silent", "detail": "x", "ms": 3000.0, "status": None}}}},
            "pod/api-79b4fb58ff-2j99q",
        ),
        ({"api": {"login": {"db": NO_LOGIN}}}, "pod/db-0"),
        ({"api": {"wide": {"pod/db-0": {"outcome": "silent", "way": "to", "mtu": 1450}}}}, "pod/db-0"),
    ],
    ids=["nginx", "one api, from web", "one api, from itself", "postgres at a login", "postgres at a packet"],
)
def test_it_is_named_and_its_pod_deleted(changes: dict[str, Any], pod: str) -> None:
    diagnosis = look(replay(based({"base": "healthy", **changes})))
    assert diagnosis.finding is not None
    assert (diagnosis.finding.cause, diagnosis.finding.parts["pod"]) == ("hung-process", pod)
    assert diagnosis.finding.steps[0].kubectl[:3] == ("delete", "pod", pod.removeprefix("pod/"))
    assert not diagnosis.finding.soft, "to wait once more tells nothing new"


def test_a_server_that_answers_in_its_own_pod_does_not_hang() -> None:
    """A pod of the api without CPU is too slow to log in."""
    document = based({"base": "healthy", "api": {"login": {"db": NO_LOGIN}}})
    asked = "exec db-0 --namespace=mcapp --container=postgres -- sh"
    document["calls"][asked] = {"code": 0, "err": "", "out": json.dumps({"role": {"login": True}})}
    found = look(replay(document)).finding
    assert found is not None
    assert found.cause != "hung-process"


def test_a_large_packet_between_web_and_api() -> None:
    """A small question to the same pod is answered."""
    url = f"http://10.244.0.6:8000/api/openapi.json?{'x' * WIDE_BYTES}"
    found = look(replay(based({"base": "healthy", "web": {url: LATE}}))).finding
    assert found is not None
    assert (found.cause, found.parts["target"]) == ("path-mtu", "pod/api-79b4fb58ff-2j99q")


@pytest.mark.parametrize(
    ("message", "hangs"),
    [
        ('Readiness probe failed: Get "http://10.244.0.8:8080/healthz": context deadline exceeded '
         "(Client.Timeout exceeded while awaiting headers)", True),
        ('Readiness probe failed: command timed out: "pg_isready -q" timed out after 3s', True),
        ('Startup probe failed: Get "http://10.244.0.8:8080/healthz": dial tcp 10.244.0.8:8080: i/o timeout '
         "(Client.Timeout exceeded while awaiting headers)", False),
        ('Startup probe failed: Get "http://10.244.0.8:8080/": dial tcp: connect: connection refused', False),
        ("Readiness probe failed: HTTP probe failed with statuscode: 404", False),
    ],
)  # fmt: skip
def test_what_the_kubelet_says(message: str, hangs: bool) -> None:
    assert hung.unanswered(message) is hangs


def test_a_pod_that_its_probe_has_found_silent() -> None:
    """Some seconds later the pod is not ready any more, and nobody asks it through its Service."""
    document = load("probe-failing")
    told = 'Readiness probe failed: Get "http://10.244.0.9:8080/": context deadline exceeded'
    for item in objects(document):
        if item["kind"] == "Event" and item.get("reason") == "Unhealthy":
            item["message"] = told
    found = look(replay(document)).finding
    assert found is not None
    assert found.cause == "hung-process"
    assert any(told in line.line for line in found.evidence), json.dumps([str(e) for e in found.evidence])
