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


def test_dev_down_takes_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parser reads what is named: it gets as far as the first question to the machine."""

    def reached() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(host, "require_root", reached)
    with pytest.raises(KeyboardInterrupt):
        down.main(shlex.split(commands.down("lab"))[3:])
