"""The mode of the database: one outside of the cluster, one server, or a leader and replicas."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from dev.local.kube_objects import DATABASE, Object, database_volume, node
from mcapp.config import CHART
from mcapp.errors import Exit
from mcapp.genvalues.values import effective
from tests.genvalues.clusters import TWO
from tests.support.genvalues_call import Run

SCHEMA = json.loads((CHART / "values.schema.json").read_text())

EXTERNAL = yaml.safe_dump(
    {"db": {"mode": "external", "external": {"host": "pg", "existingSecret": "pg", "caSecret": "ca"}}}
)


def test_an_external_database_has_no_place(run: Run) -> None:
    Path("mine.yaml").write_text(EXTERNAL)
    # The data of the release's earlier database have no effect now.
    done = run("--base", "mine.yaml", of=[*TWO, *database_volume("lab", storage="manual")])
    assert done.code is Exit.OK
    jsonschema.validate(effective(done.values), SCHEMA)
    assert done.values["topology"] == "single"
    assert done.values["db"] == yaml.safe_load(EXTERNAL)["db"]
    assert [entry["tiers"] for entry in done.values["cluster"]["nodes"]] == [["web", "api"]] * 2
    assert "no database to place" in done.out
    assert "db may run" not in done.out


@pytest.mark.parametrize("option", [("--topology", "multi"), ("--db-node", "lab")])
def test_an_external_database_is_given_no_place(run: Run, option: tuple[str, str]) -> None:
    Path("mine.yaml").write_text(EXTERNAL)
    done = run("--base", "mine.yaml", *option, of=TWO)
    assert done.code is Exit.USAGE
    assert "db.mode external" in done.err


def test_mixed_machines_select_nothing_for_an_external_database(run: Run) -> None:
    Path("mine.yaml").write_text(EXTERNAL)
    windows = node("win", "192.168.1.30", os="windows")
    done = run("--base", "mine.yaml", of=[*TWO, windows])
    assert done.values["api"]["nodeSelector"] == {"kubernetes.io/os": "linux"}
    assert "nodeSelector" not in done.values["db"]


THREE = [TWO[0], *(node(f"lab-{n}", f"192.168.1.2{n}", labels=DATABASE) for n in range(3))]
LABS = ["lab-0", "lab-1", "lab-2"]


def test_three_nodes_of_the_database_get_a_member_each(run: Run) -> None:
    done = run(of=THREE)
    assert done.values["db"] == {"mode": "ha"}
    jsonschema.validate(effective(done.values), SCHEMA)
    assert [entry["tiers"] for entry in done.values["cluster"]["nodes"]] == [["db"]] * 3 + [["web", "api"]]
    assert json.loads(run("--output", "json", of=THREE).out)["nodes"]["db"] == LABS
    assert "db.mode: ha: enough Ready nodes carry role=database (lab-0, lab-1, lab-2)" in done.out


def test_data_of_one_server_keep_their_mode(run: Run) -> None:
    """An upgrade would be refused: only a move takes them to several."""
    for where in ("lab-1", "old"):
        nodes = [*THREE, node("old", "192.168.1.40")]
        done = run(of=[*nodes, *database_volume(where, storage="manual")])
        assert "mode" not in done.values.get("db", {})
    done = run(of=[*THREE, *database_volume("lab-1", storage="manual")])
    assert "the claim postgres-pvc holds the data of one server" in done.out


def test_data_of_several_servers_keep_their_mode(run: Run) -> None:
    """One of three machines is off: the values must not lead to one server."""
    away = node("lab-2", "192.168.1.22", labels=DATABASE, ready=False)
    done = run(of=[*THREE[:3], away, *database_volume("lab-1", name="data-db-1")])
    assert done.values["db"]["mode"] == "ha"
    assert "db.mode: ha: the claim data-db-1 holds the data" in done.out
    assert "only lab-0, lab-1 can run db" in done.out
    # After a move the old server's claim is there, too. Patroni's state tells which data are live.
    moved = [*THREE, *database_volume("lab-1"), *database_volume("lab-1", name="data-db-1")]
    assert "mode" not in run(of=moved).values.get("db", {})
    state: Object = {"kind": "Service", "metadata": {"name": "db-config", "namespace": "mcapp"}, "spec": {}}
    assert run(of=[*moved, state]).values["db"]["mode"] == "ha"
    # It stays after a move back to one server, and is marked.
    state["metadata"]["labels"] = {"mcapp/data-left": "true"}
    assert "mode" not in run(of=[*moved, state]).values.get("db", {})
    others = database_volume("lab-1", name="data-db-x")
    assert "mode" not in run(of=[*THREE[:3], away, *others]).values.get("db", {})


@pytest.mark.parametrize(
    ("arguments", "of"),
    [
        ((), THREE[:3]),
        ((), [*THREE[:3], node("lab-2", "192.168.1.22", labels=DATABASE, ready=False)]),
        (("--db-node", "lab-1"), THREE),
        (("--topology", "single"), THREE),
        (("--set", "db.mode=standalone"), THREE),
        (("--set", "db.ha.members=5"), THREE),
    ],
    ids=["two", "one is not ready", "a node is named", "single", "one server is wanted", "five are wanted"],
)
def test_else_the_database_stays_one_server(run: Run, arguments: tuple[str, ...], of: list[Object]) -> None:
    assert run(*arguments, of=of).values.get("db", {}).get("mode") in (None, "standalone")


def test_members_without_a_node_bring_a_warning(run: Run) -> None:
    done = run("--set", "db.mode=ha", of=THREE[:3])
    assert done.code is Exit.OK
    assert (
        "db.mode ha asks for 3 nodes that carry role=database, and only lab-0, lab-1 can run db" in done.out
    )
