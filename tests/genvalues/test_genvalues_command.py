"""The command as a user calls it: files, exit codes, --check, labels, languages, and a cluster that fails."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

import genvalues
from mcapp.config import CHART
from mcapp.errors import Exit
from mcapp.genvalues.values import effective
from tests.support.genvalues_call import Run
from tests.support.kube_objects import (
    CONTROL_PLANE,
    DATABASE,
    Object,
    database_volume,
    node,
    pod,
    service,
    storage_class,
)

TWO = [node("laptop", "192.168.1.10", labels=CONTROL_PLANE), node("lab", "192.168.1.20", labels=DATABASE)]
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
    done = run("--output", "-", of=TWO)
    assert yaml.safe_load(done.out)["topology"] == "multi"
    assert "db may run on lab." in done.err
    assert not list(Path().glob("values*"))


def test_json_explanation(run: Run) -> None:
    told = json.loads(run("--format", "json", of=TWO).out)
    assert (told["file"], told["changed"]) == ("values-multi.yaml", True)
    assert told["nodes"] == {"web": ["laptop"], "api": ["laptop"], "db": ["lab"]}
    assert told["refused"]["db"] == {"laptop": ["does not carry role=database"]}
    assert told["values"] == yaml.safe_load(Path("values-multi.yaml").read_text())


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
        done = run("--check", "--format", "json", *arguments, of=of)
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
        done = run("--check", "--output", "other.yaml", of=TWO)
        assert (done.code, done.out) == (Exit.DIFFERS, "other.yaml does not exist yet.\n")

    def test_no_values_file(self, run: Run) -> None:
        Path("values-multi.yaml").write_text("- 7\n")
        assert run("--check", of=TWO).code is Exit.USAGE


def test_label_prints_a_command_a_shell_takes(run: Run) -> None:
    assert run("--label", "lab").out == "kubectl label node lab role=database\n"
    told = run("--label", "a b", "--context", "x y", "--set", "placement.databaseNodeLabels.tier=db").out
    assert told == "kubectl label node 'a b' role=database tier=db '--context=x y'\n"


class TestCluster:
    """Real kubectl, and nothing that answers it."""

    def test_no_kubectl(self, run: Run) -> None:
        done = run("--kubectl", "/nowhere/kubectl")
        assert done.code is Exit.UNREACHABLE
        assert "/nowhere/kubectl is not there. Install kubectl" in done.err

    def test_no_kubeconfig(self, run: Run, kubectl: str) -> None:
        done = run("--kubectl", kubectl, "--kubeconfig", "nowhere")
        assert done.code is Exit.UNREACHABLE
        assert "cannot use its configuration: stat nowhere: no such file" in done.err

    @pytest.mark.parametrize(
        "content", ["{", "kind: Pod\n", "apiVersion: v1\nkind: Config\nclusters: 7\n", "\x00"]
    )
    def test_broken_kubeconfig(self, run: Run, kubectl: str, content: str) -> None:
        Path("config").write_text(content)
        done = run("--kubectl", kubectl, "--kubeconfig", "config")
        assert done.code is Exit.UNREACHABLE
        assert done.err.startswith("kubectl cannot use its configuration: ")

    @pytest.fixture
    def config(self, tmp_path: Path) -> Path:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        entry = {"name": "x", "cluster": {"server": f"https://127.0.0.1:{port}"}}
        context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
        user = {"name": "x", "user": {"token": "x"}}
        config = {"kind": "Config", "clusters": [entry], "contexts": [context], "users": [user]}
        path = tmp_path / "config"
        path.write_text(json.dumps({**config, "current-context": "x"}))
        return path

    def test_nobody_listens(self, run: Run, kubectl: str, config: Path) -> None:
        done = run("--kubectl", kubectl, "--kubeconfig", str(config))
        assert done.code is Exit.UNREACHABLE
        assert done.err.startswith("The cluster does not answer: ")
        assert "refused" in done.err

    def test_no_such_context(self, run: Run, kubectl: str, config: Path) -> None:
        done = run("--kubectl", kubectl, "--kubeconfig", str(config), "--context", "y")
        assert done.code is Exit.UNREACHABLE
        assert done.err.startswith("kubectl cannot use its configuration: ")

    def test_no_answer_in_time(self, run: Run, kubectl: str, config: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            text = json.loads(config.read_text())
            text["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{silent.getsockname()[1]}"
            config.write_text(json.dumps(text))
            done = run("--kubectl", kubectl, "--kubeconfig", str(config), "--timeout", "1")
        assert done.code is Exit.UNREACHABLE
        assert done.err.startswith("The cluster does not answer: ")


def test_as_a_process(tmp_path: Path) -> None:
    """The exit code and the one sentence reach the shell."""
    command = [sys.executable, genvalues.__file__, "--nodes-file", "nope.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: Cannot read nope.json: No such file or directory.")
    assert len(done.stderr.splitlines()) == 1


def test_everything_that_can_be_read_is_considered(run: Run) -> None:
    of = [
        *TWO,
        storage_class("local-path", default=True),
        service("web", 30090, namespace="mcapp", release="mcapp"),
        pod("busy", "laptop", "1", "1Gi"),
        *database_volume("lab"),
    ]
    done = run(of=of)
    assert "Not read" not in done.out
    assert "web already answers on 30090." in done.out
    assert "default class local-path" in done.out
    assert "# db.persistence.storageClass is unset" in Path("values-multi.yaml").read_text()


def test_what_could_not_be_read_is_said(run: Run) -> None:
    out = run(of=[*TWO, storage_class("local-path", default=True)]).out
    assert "Not read, so not considered: services, pods, persistentvolumes, persistentvolumeclaims." in out


def test_a_path_with_blanks_is_one_program(run: Run, kubectl: str, tmp_path: Path) -> None:
    link = tmp_path / "my programs" / "kubectl"
    link.parent.mkdir()
    link.symlink_to(kubectl)
    done = run("--kubectl", str(link), "--kubeconfig", "nowhere")
    assert done.err.startswith("kubectl cannot use its configuration: ")
    assert run("--kubectl", str(link), "--label", "lab").out.startswith(f"'{link}' label node lab")


EXTERNAL = yaml.safe_dump(
    {"db": {"mode": "external", "external": {"host": "pg", "existingSecret": "pg", "caSecret": "ca"}}}
)


def test_an_external_database_has_no_place(run: Run) -> None:
    Path("mine.yaml").write_text(EXTERNAL)
    # The data of an earlier database of the release's own lead nobody now.
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
    assert "db.mode: ha: enough Ready nodes carry role=database (lab-0, lab-1, lab-2)" in done.out


def test_a_database_of_one_server_grows_where_its_data_are(run: Run) -> None:
    done = run(of=[*THREE, *database_volume("lab-1", storage="manual")])
    assert done.values["db"]["mode"] == "ha"
    assert json.loads(run("--format", "json", of=THREE).out)["nodes"]["db"] == LABS
    elsewhere = run(of=[*THREE, node("old", "192.168.1.40"), *database_volume("old", storage="manual")])
    assert "mode" not in elsewhere.values.get("db", {})


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


def test_members_without_a_node_are_told_of(run: Run) -> None:
    done = run("--set", "db.mode=ha", of=THREE[:3])
    assert done.code is Exit.OK
    assert (
        "db.mode ha asks for 3 nodes that carry role=database, and only lab-0, lab-1 can run db" in done.out
    )
