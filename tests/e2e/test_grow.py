"""One server becomes several and one again, killed at every step, under writes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mcapp import wait
from mcapp.config import CHART
from mcapp.errors import Exit
from tests.e2e.conftest import Up
from tests.e2e.lab import Lab
from tests.e2e.moves import killed, move, read_only, titles, words, writing

pytestmark = [pytest.mark.kind, pytest.mark.ha]
TOPOLOGY = "ha"
# Where each run is killed: when the earlier step is recorded, or in the middle of one.
KILLS = ("2/5", "helm upgrade", "Waiting until 2", "3/5", "4/5", "5/5", "Waiting until 3")
BACK_KILLS = ("2/5", "Copying", "3/5", "4/5", "helm upgrade", "5/5")
# In the switch: before writes stop, while they stand, and when the new place has been let to take them.
SWITCH_SECONDS = (0.5, 1.5, 3.0)
AGAIN_SECONDS = 60
STOPPED_SECONDS = 5
FILLER = (
    "CREATE TABLE app.filler AS SELECT n, repeat(md5(n::text), 15) AS text FROM generate_series(1, 20000) n;"
)


@pytest.fixture(scope="module")
def lab(installed: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(installed, "growing", tmp_path_factory.mktemp("values"), "blue-")
    try:
        made.install({"namePrefix": "blue"})
        made.server.shell.sql(FILLER, "appdb")
        yield made
    finally:
        made.remove()


def claims(lab: Lab) -> set[str]:
    return {claim["metadata"]["name"] for claim in lab.release.get("pvc")["items"]}


def member_claims() -> set[str]:
    return {f"data-blue-db-{number}" for number in range(3)}


def names(lab: Lab) -> dict[str, str]:
    """Return the role of each pod of the database."""
    pods = lab.release.pods("db")
    return {pod["metadata"]["name"]: pod["metadata"]["labels"].get("mcapp/role", "") for pod in pods}


def lost(lab: Lab, taken: list[str], unknown: list[str]) -> None:
    written = [title for title in titles(lab) if title.startswith("w")]
    assert [title for title in written if title not in unknown] == taken
    assert len(set(written)) == len(written)


def under_writes(lab: Lab, run: Callable[[], None]) -> None:
    """Run something under writes, of which none may be lost."""
    lab.server.shell.sql("DELETE FROM app.tasks;", "appdb")
    with writing(lab) as (taken, refused, unknown):
        wait.until(lambda: len(taken) > 5, AGAIN_SECONDS)
        run()
        count = len(taken)
        assert wait.until(lambda: len(taken) >= count + 3, AGAIN_SECONDS), "no write after the move"
    lost(lab, taken, unknown)
    assert set(refused) <= {"503"}


def killed_in_the_switch(lab: Lab, to: str) -> None:
    for seconds in SWITCH_SECONDS:
        done = json.loads(lab.release.get("configmap", "blue-db-mode")["data"]["move.json"])["done"]
        if "switch" not in done:
            killed(lab, "4/5", "--to", to, after=seconds)


def upgraded(lab: Lab, chart: Path, *settings: str) -> None:
    """Upgrade by the chart's next version, which has other labels on every object."""
    shutil.copytree(CHART, chart)
    document = chart / "Chart.yaml"
    document.write_text(re.sub(r"(?m)^version: .*$", "version: 99.0.0", document.read_text()))
    lab.release.upgrade(*settings, chart=chart, flags=("--wait", "--timeout", "4m"))


@pytest.mark.long
def test_grown_and_back_while_nothing_is_written(lab: Lab) -> None:
    before = titles(lab)
    done = move(lab, "--to", "ha")
    assert (done["mode"], done["kept"]) == ("ha", ["blue-postgres-pvc"])
    assert sorted(names(lab).values()) == ["primary", "replica", "replica"]
    assert titles(lab) == before
    back = move(lab, "--back")
    assert back["mode"] == "standalone"
    assert names(lab) == {"blue-db-0": ""}
    assert claims(lab) == {"blue-postgres-pvc"}
    assert not read_only(lab)
    assert lab.server.roles() & {"replicator"} == set()


@pytest.mark.long
def test_given_up_before_the_switch_nothing_of_it_remains(lab: Lab) -> None:
    pod = lab.release.get("pod", "blue-db-0")["metadata"]["uid"]
    killed(lab, "4/5", "--to", "ha")
    assert "A move to ha was begun" in move(lab, "--to", "multi", code=Exit.FAILED)
    move(lab, "--back")
    assert lab.release.get("pod", "blue-db-0")["metadata"]["uid"] == pod, "the server never stopped"
    assert claims(lab) == {"blue-postgres-pvc"}
    assert not read_only(lab)


@pytest.mark.long
def test_growing_is_killed_at_every_step_and_loses_nothing(lab: Lab, tmp_path: Path) -> None:
    def run() -> None:
        for at in KILLS:
            killed(lab, at, "--to", "ha")
            if at == "4/5":
                killed_in_the_switch(lab, "ha")
        move(lab, "--to", "ha")

    under_writes(lab, run)
    assert sorted(names(lab)) == ["blue-db-0", "blue-db-1", "blue-db-2"]
    assert claims(lab) == {"blue-postgres-pvc", *member_claims()}
    assert "Something was written since the switch" in move(lab, "--back", code=Exit.FAILED)
    assert not read_only(lab)
    assert "still kept" in move(lab, "--to", "standalone", code=Exit.FAILED)
    subprocess.run(words(lab, "--discard-old"), check=True, capture_output=True)
    assert claims(lab) == member_claims()
    upgraded(lab, tmp_path / "mcapp", "db.auth.replicationPassword=another")
    assert wait.until(lambda: sorted(names(lab).values()) == ["primary", "replica", "replica"], AGAIN_SECONDS)


@pytest.mark.long
def test_shrinking_is_killed_at_every_step_and_loses_nothing(lab: Lab, tmp_path: Path) -> None:
    def run() -> None:
        for at in BACK_KILLS:
            killed(lab, at, "--to", "standalone")
            if at == "4/5":
                killed_in_the_switch(lab, "standalone")
        move(lab, "--to", "standalone")

    under_writes(lab, run)
    assert names(lab) == {"blue-db-0": ""}
    assert claims(lab) == {"blue-postgres-pvc", *member_claims()}
    assert "Something was written since the switch" in move(lab, "--back", code=Exit.FAILED)
    subprocess.run(words(lab, "--discard-old"), check=True, capture_output=True)
    assert claims(lab) == {"blue-postgres-pvc"}
    upgraded(lab, tmp_path / "mcapp")


def test_both_ways_without_a_kill_stop_writes_for_a_moment(lab: Lab, show: Callable[[str], None]) -> None:
    def run() -> None:
        for to in ("ha", "standalone"):
            done = move(lab, "--to", to)
            show(f"--to {to}: writes stopped for {done['writesStoppedSeconds']} s")
            subprocess.run(words(lab, "--discard-old"), check=True, capture_output=True)

    under_writes(lab, run)


@pytest.mark.long
def test_shrunk_and_back_to_the_members(lab: Lab) -> None:
    move(lab, "--to", "ha")
    subprocess.run(words(lab, "--discard-old"), check=True, capture_output=True)
    before = titles(lab)
    move(lab, "--to", "standalone")
    assert names(lab) == {"blue-db-0": ""}
    move(lab, "--back")
    assert sorted(names(lab).values()) == ["primary", "replica", "replica"]
    killed(lab, "5/5", "--to", "standalone")
    move(lab, "--back")
    assert sorted(names(lab).values()) == ["primary", "replica", "replica"]
    assert titles(lab) == before
    assert claims(lab) == member_claims()
    assert not read_only(lab)
