"""What does not depend on each other is asked at once, so that what hangs is waited for once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from mcapp.doctor.read.reader import Answer, Reader
from mcapp.doctor.walk import look
from mcapp.kube.kubectl import Kubectl
from tests.support.doctor_recording import Replay, ReplayedKubectl, load

# A pod of api, a pod of web, db's disk, the logs, and both nodes from outside.
AT_ONCE = 6
SECONDS = 5


class Meeting(Replay):
    """Answers when all questions that need no other's answer are there."""

    met = threading.Barrier(AT_ONCE)

    def inside(self, pod: str, asked: dict[str, Any]) -> Answer:
        self.met.wait(SECONDS)
        return Replay.inside(self, pod, asked)

    def fetch(self, pod: str, urls: dict[str, str]) -> Answer:
        self.met.wait(SECONDS)
        return Replay.fetch(self, pod, urls)

    def disk(self, pod: str) -> Answer:
        self.met.wait(SECONDS)
        return Replay.disk(self, pod)

    def recent(self) -> Answer:
        self.met.wait(SECONDS)
        return Replay.recent(self)

    def outside(self, address: str, port: int, path: str) -> dict[str, Any]:
        if path == "/healthz":
            self.met.wait(SECONDS)
        return Replay.outside(self, address, port, path)


def test_everything_is_asked_at_once() -> None:
    document = load("healthy")
    kubectl = ReplayedKubectl(calls=document["calls"])
    reader = Meeting(kubectl, document["namespace"], document["release"], document)
    assert look(reader).finding is None


@pytest.mark.parametrize("cause", ["hung-process", "path-mtu", "locked", "traffic-policy", "overlay-blocked"])
def test_what_was_waited_for_is_not_waited_for_again(cause: str) -> None:
    document = load(cause)
    reader = Replay(
        ReplayedKubectl(calls=document["calls"]), document["namespace"], document["release"], document
    )
    found = look(reader).finding
    assert found is not None
    assert not found.soft


def test_a_pod_that_does_not_answer_is_no_cluster_that_does_not(tmp_path: Path) -> None:
    """A container without CPU keeps kubectl waiting: it could not be asked, and the others can."""
    silent = tmp_path / "kubectl"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    reader = Reader(Kubectl(str(silent), seconds=1), "mcapp", "mcapp")
    for answer in (reader.inside("api-1", {}), reader.fetch("web-1", {}), reader.disk("db-0")):
        assert answer.content is None
        assert answer.why.endswith("started no program in time")
