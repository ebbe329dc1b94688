"""The database moves from the lab machine to the laptop and back, killed at every step, under writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from dev import ROOT
from dev.kind.programs import command
from mcapp import wait
from mcapp.errors import Exit, UserError
from tests.e2e.conftest import NAME, Up
from tests.e2e.lab import Lab

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
LAPTOP, LAB_MACHINE = f"{NAME}-control-plane", f"{NAME}-worker"
# Where each run is killed: at the start of a step, when the earlier one is recorded, or in the middle of one.
KILLS = ("2/6", "3/6", "Copying", "4/6", "5/6", "Stopping", "helm upgrade", "6/6")
WRITES_AGAIN_SECONDS = 120
WRITE = "INSERT INTO app.tasks (title) VALUES ('{}');"


@pytest.fixture(scope="module")
def lab(installed: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(installed, "roaming", tmp_path_factory.mktemp("values"))
    try:
        made.install({"namePrefix": "blue"})
        made.server.shell.sql(WRITE.format("before") * 3, "appdb")
        yield made
    finally:
        made.remove()


def words(lab: Lab, *arguments: str) -> list[str]:
    which = ("--namespace", lab.name, "--release", lab.name, "--helm", str(command("helm")), "--lang", "en")
    cluster = ("--kubeconfig", str(lab.up.cluster.kubeconfig), "--kubectl", str(command("kubectl")))
    values = ("--values", str(lab.folder / "values.yaml"), "--output", "json")
    return [sys.executable, str(ROOT / "scripts" / "movedb.py"), *arguments, *which, *cluster, *values]


def move(lab: Lab, *arguments: str, code: Exit = Exit.OK) -> Any:
    done = subprocess.run(words(lab, *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == Exit.OK else done.stderr


def killed(lab: Lab, at: str, *arguments: str) -> None:
    """Run a move, and kill it with every process that it started when it prints this step."""
    with subprocess.Popen(
        words(lab, *arguments), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith(f"==> {at}"):
                break
        else:
            pytest.fail(f"it never printed {at}: {''.join(said)}")
        os.killpg(process.pid, signal.SIGKILL)


def node_of_db(lab: Lab) -> str:
    chosen = "app.kubernetes.io/component=db"
    (pod,) = lab.release.get("pods", "--selector", chosen)["items"]
    return str(pod["spec"]["nodeName"])


@contextmanager
def writing(lab: Lab) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Write through the api all the time.

    Yields the acknowledged titles, the statuses of the refused ones, and the titles whose pod ended
    meanwhile: the move replaces the api's pods, too.
    """
    taken: list[str] = []
    refused: list[str] = []
    unknown: list[str] = []
    over = threading.Event()
    code = (
        "import json,sys,urllib.request as u\n"
        "for line in sys.stdin:\n"
        " try:\n"
        "  body=json.dumps({'title':line.strip()}).encode()\n"
        "  r=u.Request('http://localhost:8000/api/tasks',body,{'content-type':'application/json'})\n"
        "  print(u.urlopen(r,timeout=20).status,flush=True)\n"
        " except Exception as e: print(getattr(e,'code',repr(e)),flush=True)\n"
    )
    ask = ("exec", "-i", "deploy/blue-api", "--", "python", "-c", code)

    def write() -> None:
        number = 0
        while not over.is_set():
            # The pipe of a pod that has ended breaks once more when it is closed.
            with suppress(BrokenPipeError), lab.release.start(*ask) as client:
                assert client.stdin
                assert client.stdout
                status = "none yet"
                while status and not over.is_set():
                    number += 1
                    try:
                        client.stdin.write(f"w{number}\n")
                        client.stdin.flush()
                        status = client.stdout.readline().strip()
                    except BrokenPipeError:
                        status = ""
                    if status == "201":
                        taken.append(f"w{number}")
                    elif status.isdigit():
                        refused.append(status)
                    else:
                        unknown.append(f"w{number}")
                    time.sleep(0.05)
                client.kill()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield taken, refused, unknown
    finally:
        over.set()
        thread.join(20)


def titles(lab: Lab) -> list[str]:
    return lab.server.shell.sql("SELECT title FROM app.tasks ORDER BY id;", "appdb")


def read_only(lab: Lab) -> bool:
    return lab.server.shell.sql("SHOW default_transaction_read_only;") == ["on"]


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
