"""The command as a user calls it: files, exit codes, --check, labels, languages."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

import genvalues
from dev.local.kube_objects import CONTROL_PLANE, DATABASE, Object, node, service
from mcapp.config import CHART
from mcapp.errors import Exit
from mcapp.genvalues.values import effective
from tests.genvalues.clusters import TWO
from tests.support.genvalues_call import Run

SCHEMA = json.loads((CHART / "values.schema.json").read_text())


def test_the_chart_s_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_two_nodes(run: Run) -> None:
    done = run(of=TWO)
    assert done.code is Exit.OK
    # As the chart sees them: over its own.
    jsonschema.validate(effective(done.values), SCHEMA)
    assert done.values == {
        "topology": "multi",
        "placement": {"databaseNodeLabels": {"role": "database"}},
        "cluster": {
            "nodes": [
                {"name": "lab", "address": "192.168.1.20", "tiers": ["db"]},
                {"name": "laptop", "address": "192.168.1.10", "tiers": ["web", "api"]},
            ],
            "urls": ["http://192.168.1.10:30080", "http://192.168.1.20:30080"],
        },
        "web": {"service": {"nodePort": 30080}},
    }
    assert "db may run on lab." in done.out
    assert "db not on laptop: does not carry role=database." in done.out
    content = Path("values-multi.yaml").read_text()
    assert "# multi: lab is Ready, schedulable" in content
    assert "# lab carries role=database." in content


def test_same_input_same_bytes_file_untouched(run: Run) -> None:
    run(of=TWO)
    path = Path("values-multi.yaml")
    first, before = path.read_bytes(), path.stat()
    done = run(of=list(reversed(TWO)))
    assert "left untouched" in done.out
    assert path.read_bytes() == first
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_locale_changes_the_words_not_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(of=TWO)
    first = Path("values-multi.yaml").read_bytes()
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    done = run(of=TWO)
    assert "db 可在 lab 執行。" in done.out
    assert Path("values-multi.yaml").read_bytes() == first
    assert "找不到節點" in run("--db-node", "nope", of=TWO).err
    run("--lang", "zh-TW", of=TWO)
    assert "# lab 帶有標籤 role=database。" in Path("values-multi.yaml").read_text()


def test_standard_output_holds_the_file_alone(run: Run) -> None:
    done = run("--file", "-", of=TWO)
    assert yaml.safe_load(done.out)["topology"] == "multi"
    assert "db may run on lab." in done.err
    assert not list(Path().glob("values*"))


def test_json_explanation(run: Run) -> None:
    told = json.loads(run("--output", "json", of=TWO).out)
    assert (told["file"], told["changed"]) == ("values-multi.yaml", True)
    assert told["nodes"] == {"web": ["laptop"], "api": ["laptop"], "db": ["lab"]}
    assert told["refused"]["db"] == {"laptop": ["does not carry role=database"]}
    assert told["values"] == yaml.safe_load(Path("values-multi.yaml").read_text())


@pytest.mark.parametrize("arguments", [("--format", "json"), ("--output", "other.yaml")])
def test_the_spellings_of_the_version_before_go_on_and_say_so(run: Run, arguments: tuple[str, str]) -> None:
    done = run(*arguments, of=TWO)
    assert f"warning: {arguments[0]}" in done.err
    assert Path("other.yaml" if arguments[0] == "--output" else "values-multi.yaml").exists()
    assert done.out.startswith("{") is (arguments[0] == "--format")


def test_a_password_is_for_its_owner_alone(run: Run) -> None:
    run(of=TWO)
    assert stat.S_IMODE(Path("values-multi.yaml").stat().st_mode) & 0o044
    run("--set", "db.auth.appPassword=secret-7", of=TWO)
    assert stat.S_IMODE(Path("values-multi.yaml").stat().st_mode) == 0o600


def test_a_failed_write_leaves_the_old_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(of=TWO)
    before = Path("values-multi.yaml").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    done = run("--set", "api.replicas=3", of=TWO)
    assert done.code is Exit.USAGE
    assert "No space left on device" in done.err
    assert Path("values-multi.yaml").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["nodes.json", "values-multi.yaml"]


class TestCheck:
    @pytest.fixture(autouse=True)
    def _made(self, run: Run) -> None:
        run(of=TWO)

    def drift(self, run: Run, of: list[Object], *arguments: str) -> list[str]:
        before = Path("values-multi.yaml").read_bytes()
        done = run("--check", "--output", "json", *arguments, of=of)
        assert done.code is Exit.DIFFERS
        assert Path("values-multi.yaml").read_bytes() == before
        told = json.loads(done.out)
        assert told["diff"].startswith("--- values-multi.yaml")
        drift: list[str] = told["drift"]
        return drift

    def test_nothing_changed(self, run: Run) -> None:
        done = run("--check", of=TWO)
        assert (done.code, done.out) == (Exit.OK, "values-multi.yaml still fits the cluster.\n")

    def test_new_address(self, run: Run) -> None:
        moved = [node("laptop", "10.9.9.9", labels=CONTROL_PLANE), TWO[1]]
        told = self.drift(run, moved)
        assert told[0] == "cluster.nodes: the address of laptop changed from 192.168.1.10 to 10.9.9.9."
        assert told[1].startswith(
            "cluster.urls: http://192.168.1.10:30080, http://192.168.1.20:30080 -> http://10"
        )

    def test_node_gone(self, run: Run) -> None:
        told = self.drift(run, TWO[:1])
        assert "cluster.nodes: lab has left the cluster." in told
        assert any(
            line.startswith("topology: multi -> single. single: no node carries role") for line in told
        )

    def test_node_new_and_label_moved(self, run: Run) -> None:
        of = [TWO[0], node("lab", "192.168.1.20"), node("new", "192.168.1.30", labels=DATABASE)]
        told = self.drift(run, of)
        assert "cluster.nodes: new has joined the cluster." in told
        assert "cluster.nodes: lab may run web, api now, before db." in told

    def test_port_taken(self, run: Run) -> None:
        told = self.drift(run, [*TWO, service("other", 30080)])
        assert (
            "web.service.nodePort: 30080 -> 30081. "
            "30080 is taken by the Service default/other; 30081 is the next free one." in told
        )

    def test_edited_by_hand(self, run: Run) -> None:
        path = Path("values-multi.yaml")
        path.write_text(path.read_text() + "api:\n  replicas: 9\n")
        assert self.drift(run, TWO) == ["api.replicas: 9 is no longer set."]

    def test_only_a_comment(self, run: Run) -> None:
        path = Path("values-multi.yaml")
        path.write_text(path.read_text() + "# mine\n")
        assert self.drift(run, TWO) == ["Only comments or layout differ."]

    def test_the_diff_is_shown(self, run: Run) -> None:
        out = run("--check", of=TWO[:1]).out
        assert "\n-topology: multi\n" in out
        assert "\n+topology: single\n" in out

    def test_no_file_yet(self, run: Run) -> None:
        done = run("--check", "--file", "other.yaml", of=TWO)
        assert (done.code, done.out) == (Exit.DIFFERS, "other.yaml does not exist yet.\n")

    def test_no_values_file(self, run: Run) -> None:
        Path("values-multi.yaml").write_text("- 7\n")
        assert run("--check", of=TWO).code is Exit.USAGE


def test_label_prints_a_command_a_shell_takes(run: Run) -> None:
    assert run("--label", "lab").out == "kubectl label node lab role=database\n"
    told = run("--label", "a b", "--context", "x y", "--set", "placement.databaseNodeLabels.tier=db").out
    assert told == "kubectl label node 'a b' role=database tier=db '--context=x y'\n"


def test_no_command_for_a_node_that_the_file_does_not_have(run: Run) -> None:
    assert run("--label", "lab", of=TWO).out == "kubectl label node lab role=database\n"
    done = run("--label", "nosuch", of=TWO)
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert done.err.startswith("There is no node nosuch; the nodes are lab, laptop.")


def test_several_nodes_are_told_of_as_several(run: Run) -> None:
    assert "multi: lab is Ready, schedulable, no server, and carries role=database" in run(of=TWO).out
    more = [*TWO, node("lab1", "192.168.1.21", labels=DATABASE)]
    out = run(of=more).out
    assert "multi: lab, lab1 are Ready, schedulable, no servers, and carry role=database" in out
    assert "lab, lab1 carry role=database." in out
    assert "3 nodes, each with the address" in out


def test_a_wrong_value_names_the_schema_of_the_checkout(run: Run) -> None:
    assert "See chart/mcapp/values.schema.json for" in run("--set", "api.replicas=many", of=TWO).err


def test_as_a_process(tmp_path: Path) -> None:
    """The exit code and the one sentence reach the shell."""
    command = [sys.executable, genvalues.__file__, "--nodes-file", "nope.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: Cannot read nope.json: No such file or directory.")
    assert len(done.stderr.splitlines()) == 1
