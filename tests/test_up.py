"""What `make up` refuses before it touches a cluster, and the commands that it names."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import ModuleType

import pytest

from dev import down, options, saveimages, up
from dev.kind import commands, host
from dev.kind.cluster import Cluster
from dev.kind.release import Release
from mcapp.errors import UserError


class ReachedError(Exception):
    """A command has read its options, and asks the machine for the first time."""


@pytest.fixture(autouse=True)
def _no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop each command there: no test of this file may make a cluster."""

    def reached(_path: Path) -> None:
        raise ReachedError

    monkeypatch.setattr(host, "lock", reached)


@pytest.mark.parametrize("count", ["1", "3", "4", "5"])
def test_nodes_for_a_database(count: str) -> None:
    assert options.db_nodes(count) == int(count)


@pytest.mark.parametrize("count", ["0", "6", "-1", "x", "", "٣"])
def test_no_number_of_nodes(count: str) -> None:
    with pytest.raises(UserError, match="is no number of nodes for the database"):
        options.db_nodes(count)


@pytest.mark.parametrize("command", [up, saveimages])
def test_two_nodes_are_no_majority(command: ModuleType) -> None:
    with pytest.raises(UserError, match="one alone is no majority"):
        command.main(["--db-nodes", "2"])


@pytest.mark.parametrize(
    ("cluster", "removes", "brings"),
    [
        ("mcapp", "make down", "make up DB_NODES=3"),
        (
            "mcapp-test",
            ".venv/bin/python -m dev.down --cluster mcapp-test",
            ".venv/bin/python -m dev.up --cluster mcapp-test --db-nodes 3",
        ),
    ],
)
def test_the_commands_are_for_the_cluster(cluster: str, removes: str, brings: str) -> None:
    assert (commands.down(cluster), commands.up(cluster, "DB_NODES", 3)) == (removes, brings)


def test_the_end_names_the_command_that_removes_the_cluster(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = Cluster("lab")
    monkeypatch.setattr(Cluster, "addresses", lambda _: ["172.30.250.2"])
    monkeypatch.setattr(Release, "pods", lambda _: [])
    monkeypatch.setattr(up, "command", lambda name: Path("/bin", name))
    up._report(cluster, 30080, "text", 1)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("To stop:")]
    assert ".venv/bin/python -m dev.down --cluster lab " in line
    assert "make down" not in line


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        (down, commands.down("lab")),
        (up, commands.up("lab", "PORT", 30081)),
        (up, commands.up("lab", "TOPOLOGY", "single")),
        (up, commands.up("lab", "DB_NODES", 3)),
    ],
)
def test_its_program_takes_each_command(command: ModuleType, typed: str) -> None:
    with pytest.raises(ReachedError):
        command.main(shlex.split(typed)[3:])
