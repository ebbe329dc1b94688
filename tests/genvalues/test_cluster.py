"""genvalues and a live cluster: what kubectl answers, what may not be read, and errors without an answer."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from dev.local.kube_objects import database_volume, pod, service, storage_class
from mcapp.errors import Exit
from tests.genvalues.clusters import TWO
from tests.support.genvalues_call import Run


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

    def test_no_server_listens(self, run: Run, kubectl: str, config: Path) -> None:
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


FORBIDDEN = """#!/bin/sh
echo 'Error from server (Forbidden): nodes is forbidden: User "eve" cannot list resource "nodes"' >&2
exit 1
"""
REFUSED = """#!/bin/sh
echo 'The connection to the server 127.0.0.1:6443 was refused' >&2
exit 1
"""


@pytest.mark.parametrize(("arguments", "file"), [((), True), (("--apply-labels", "lab"), False)])
def test_a_file_is_proposed_only_where_one_is_taken(run: Run, arguments: tuple[str, ...], file: bool) -> None:
    program = Path("forbidden")
    program.write_text(FORBIDDEN)
    program.chmod(0o755)
    done = run(*arguments, "--kubectl", str(program.absolute()))
    assert done.code is Exit.UNREACHABLE
    assert "You may not read the cluster's nodes" in done.err
    assert ("--nodes-file" in done.err) is file
    program.write_text(REFUSED)
    assert ("--nodes-file" in run(*arguments, "--kubectl", str(program.absolute())).err) is file


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
