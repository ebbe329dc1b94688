"""The claim of a running database is deleted: the doctor says so, and the rescue loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from mcapp import wait
from mcapp.config import CHART
from tests.e2e.conftest import Up
from tests.e2e.examination import wait_for_cause
from tests.e2e.lab import Lab

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
CLAIM = "postgres-pvc"
# Where a run is killed: at the start of each of its steps.
KILLS = ("Letting volume", "Stopping the database", "Binding volume", "Starting the database")


@pytest.fixture(scope="module")
def lab(installed: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(installed, "rescue", tmp_path_factory.mktemp("backups"))
    try:
        made.install({})
        made.server.shell.sql(
            "INSERT INTO app.tasks (title) SELECT n::text FROM generate_series(1, 50) n;", "appdb"
        )
        yield made
    finally:
        made.remove()


def titles(lab: Lab) -> list[str]:
    return lab.server.shell.sql("SELECT title FROM app.tasks ORDER BY id;", "appdb")


def delete_claim(lab: Lab) -> str:
    """Delete the claim as a user does by mistake; return its volume."""
    volume: str = lab.release.get("pvc", CLAIM)["spec"]["volumeName"]
    lab.release.kubectl("delete", "pvc", CLAIM, "--wait=false")
    return volume


def claim(lab: Lab) -> dict[str, Any]:
    return lab.release.get("pvc", CLAIM)


def assert_rescued(lab: Lab, volume: str, before: list[str]) -> None:
    found = claim(lab)
    assert (found["spec"]["volumeName"], found["status"]["phase"]) == (volume, "Bound")
    assert "deletionTimestamp" not in found["metadata"]
    assert found["metadata"]["annotations"]["meta.helm.sh/release-name"] == lab.name
    assert titles(lab) == before
    kept = lab.up.cluster.get("pv", volume)
    assert kept["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert "mcapp/rescue" not in kept["metadata"].get("annotations", {})


def test_nothing_to_rescue(lab: Lab) -> None:
    assert lab.backup("rescue") == {"rescued": None}


def test_the_doctor_names_it_and_the_rescue_keeps_the_data(lab: Lab) -> None:
    before, volume = titles(lab), delete_claim(lab)
    asked = ("--namespace", lab.name, "--release", lab.name)
    code, report = wait_for_cause(lab.release, "claim-deleting", *asked)
    assert (code, report["cause"]) == (1, "claim-deleting"), report
    assert volume in report["problem"]
    rescued = lab.backup("rescue")["rescued"]
    assert (rescued["volume"], rescued["was"], rescued["rows"] >= 50) == (volume, "Delete", True)
    assert_rescued(lab, volume, before)
    # Helm takes the claim for its own.
    lab.release.helm("upgrade", CHART, "--reset-then-reuse-values", "--wait", "--timeout", "3m")
    assert_rescued(lab, volume, before)


@pytest.mark.parametrize("at", KILLS)
def test_killed_at_a_step_it_goes_on(lab: Lab, at: str) -> None:
    before, volume = titles(lab), delete_claim(lab)
    words = lab.words("rescue")
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr
        seen = any(line.startswith(f"==> {at}") for line in process.stderr)
        os.killpg(process.pid, signal.SIGKILL)
    assert seen, f"it never printed {at}"
    assert lab.backup("rescue")["rescued"]["volume"] == volume
    assert_rescued(lab, volume, before)


def test_the_claim_has_gone_already(lab: Lab) -> None:
    """With Retain the volume is there, but no pod gets it."""
    before, volume = titles(lab), delete_claim(lab)
    assert lab.up.cluster.get("pv", volume)["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    lab.release.kubectl("delete", "pod", "db-0")
    gone = wait.until(lambda: not lab.release.kubectl("get", "pvc", CLAIM, "--ignore-not-found"), 60)
    assert gone
    assert lab.backup("rescue")["rescued"]["volume"] == volume
    assert_rescued(lab, volume, before)
