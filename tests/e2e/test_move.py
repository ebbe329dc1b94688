"""The database moves from the lab machine to the laptop and back, killed at every step, under writes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from mcapp import wait
from mcapp.errors import Exit, UserError
from tests.e2e.conftest import NAME, Up
from tests.e2e.lab import Lab
from tests.e2e.moves import killed, move, read_only, titles, words, writing

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
LAPTOP, LAB_MACHINE = f"{NAME}-control-plane", f"{NAME}-worker"
# Where each run is killed: at the start of a step, when the earlier one is recorded, or in the middle of one.
KILLS = ("2/6", "3/6", "Copying", "4/6", "5/6", "Stopping", "helm upgrade", "6/6")
WRITES_AGAIN_SECONDS = 120
WRITE = "INSERT INTO app.tasks (title) VALUES ('{}');"


@pytest.fixture(scope="module")
def lab(installed: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(installed, "roaming", tmp_path_factory.mktemp("values"), "blue-")
    try:
        made.install({"namePrefix": "blue"})
        made.server.shell.sql(WRITE.format("before") * 3, "appdb")
        yield made
    finally:
        made.remove()


def node_of_db(lab: Lab) -> str:
    chosen = "app.kubernetes.io/component=db"
    (pod,) = lab.release.get("pods", "--selector", chosen)["items"]
    return str(pod["spec"]["nodeName"])


def test_there_and_back(lab: Lab) -> None:
    assert node_of_db(lab) == LAB_MACHINE
    before = titles(lab)
    there = move(lab, "--to", "single")
    assert (there["source"], there["target"], there["topology"]) == (LAB_MACHINE, LAPTOP, "single")
    assert node_of_db(lab) == LAPTOP
    assert titles(lab) == before
    back = move(lab, "--back")
    assert (back["target"], back["topology"]) == (LAB_MACHINE, "multi")
    assert node_of_db(lab) == LAB_MACHINE
    assert titles(lab) == before
    assert not read_only(lab)
    subprocess.run(words(lab, "--discard-old"), check=True, capture_output=True)


def test_killed_at_every_step_it_goes_on_and_loses_nothing(lab: Lab) -> None:
    assert node_of_db(lab) == LAB_MACHINE
    with writing(lab) as (taken, refused, unknown):
        for at in KILLS:
            killed(lab, at, "--to", "single")
            if at in ("3/6", "Copying", "4/6", "5/6"):
                # Writes are stopped: it reads, and gives the reason for not writing.
                assert read_only(lab)
                assert "before" in titles(lab)
                with pytest.raises(UserError, match="read-only"):
                    lab.server.shell.sql(WRITE.format("late"), "appdb")
        assert node_of_db(lab) == LAPTOP
        assert read_only(lab), "until the last step"
        done = move(lab, "--to", "single")
        count = len(taken)
        assert wait.until(lambda: len(taken) >= count + 3, WRITES_AGAIN_SECONDS), "no write after the move"
    assert (done["source"], done["target"], done["topology"]) == (LAB_MACHINE, LAPTOP, "single")
    found = titles(lab)
    written = [title for title in found if title.startswith("w")]
    assert [title for title in written if title not in unknown] == taken
    assert len(set(written)) == len(written)
    assert found.count("before") == 3
    # While the database was away or read-only, the api answered 503 and nothing else.
    assert set(refused) <= {"503"}
    live = lab.release.get("pvc")["items"]
    assert [claim["metadata"]["name"] for claim in live] == ["blue-postgres-pvc"]


def test_back_only_while_nothing_was_written_since(lab: Lab) -> None:
    said = move(lab, "--back", code=Exit.FAILED)
    assert "Something was written since the move" in said
    assert not read_only(lab)
    assert node_of_db(lab) == LAPTOP
    assert "is still kept" in move(lab, "--to", "multi", code=Exit.FAILED)


def test_discarded_moved_and_back(lab: Lab) -> None:
    old = lab.release.get("cm", "blue-db-move")
    volume = json.loads(old["data"]["move.json"])["old"]
    subprocess.run(words(lab, "--discard-old"), check=True, capture_output=True)
    assert volume not in lab.up.cluster.kubectl("get", "pv", "-o", "name")
    before = titles(lab)
    # Given up before the switch: nothing of it remains.
    killed(lab, "4/6", "--to", "multi")
    subprocess.run(words(lab, "--back"), check=True, capture_output=True)
    assert node_of_db(lab) == LAPTOP
    assert not read_only(lab)
    # Moved, and back with the kept volume, without a copy.
    move(lab, "--to", "multi")
    assert node_of_db(lab) == LAB_MACHINE
    # Interrupted on the way back, it goes on in the same direction.
    killed(lab, "Stopping", "--back")
    back = move(lab, "--back")
    assert (back["target"], back["topology"]) == (LAPTOP, "single")
    assert node_of_db(lab) == LAPTOP
    assert titles(lab) == before
    lab.server.shell.sql(WRITE.format("after"), "appdb")
    subprocess.run(words(lab, "--discard-old"), check=True, capture_output=True)


def test_a_dry_run_changes_nothing(lab: Lab) -> None:
    before = lab.release.get("statefulset,job,pvc,cm")["items"]
    places = [("multi", LAB_MACHINE), ("single", LAPTOP)]
    (to, there), (now, _) = sorted(places, key=lambda place: place[1] == node_of_db(lab))
    shown = subprocess.run(words(lab, "--to", to, "--dry-run"), capture_output=True, text=True, check=True)
    assert f"to    {there}" in shown.stderr
    assert f"topology {now} -> {to}" in shown.stderr
    assert json.loads(shown.stdout)["dryRun"] is True
    after = lab.release.get("statefulset,job,pvc,cm")["items"]
    assert [one["metadata"]["uid"] for one in after] == [one["metadata"]["uid"] for one in before]
