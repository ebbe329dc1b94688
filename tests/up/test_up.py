"""mcapp up: which commands it runs, what it says, and what the doctor adds where it fails."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from dev.local.kube_objects import DATABASE, Object, node, storage_class
from mcapp import __main__ as tools
from mcapp.config import CHART
from mcapp.errors import Exit, UserError
from tests.support.api_server import asking

NODES = [node("laptop", "10.0.0.1"), node("lab", "10.0.0.2", labels=DATABASE)]
LISTS: dict[str, list[Object]] = {
    "/api/v1/nodes": NODES,
    "/apis/storage.k8s.io/v1/storageclasses": [storage_class("local-path")],
}
# What the doctor reads, and Helm: those of the whole cluster first.
KINDS = {
    "v1": (
        "Node Namespace PersistentVolume",
        "ConfigMap Event PersistentVolumeClaim Pod ResourceQuota Secret Service",
    ),
    "apps/v1": ("", "Deployment ReplicaSet StatefulSet"),
    "storage.k8s.io/v1": ("StorageClass", ""),
    "discovery.k8s.io/v1": ("", "EndpointSlice"),
    "networking.k8s.io/v1": ("", "NetworkPolicy"),
    "batch/v1": ("", "Job"),
}


def plural(kind: str) -> str:
    one = kind.lower()
    return f"{one[:-1]}ies" if one.endswith("y") else f"{one}{'es' if one.endswith('s') else 's'}"


def discovered(group: str) -> dict[str, Any]:
    resources = [
        {"name": plural(kind), "singularName": kind.lower(), "namespaced": bool(within), "kind": kind}
        | {"verbs": ["get", "list"]}
        for within, kinds in enumerate(KINDS[group])
        for kind in kinds.split()
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": resources}


DISCOVERED: dict[str, dict[str, Any]] = {
    "/version": {"major": "1", "minor": "37", "gitVersion": "v1.37.2"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [
            {"name": name.partition("/")[0], "versions": [version], "preferredVersion": version}
            for name in KINDS
            if "/" in name
            for version in [{"groupVersion": name, "version": "v1"}]
        ],
    },
    **{f"/{'apis' if '/' in group else 'api'}/{group}": discovered(group) for group in KINDS},
}
# It writes down how it was called. A test that fails is one whose Job has failed.
HELM = """#!/bin/sh
printf '%s\\n' "$*" >>{folder}/called
if [ -e {folder}/fails-$1 ]; then echo "Error: context deadline exceeded" >&2; exit 1; fi
"""


def answer(path: str) -> dict[str, Any]:
    bare = urlsplit(path).path
    if bare in DISCOVERED:
        return DISCOVERED[bare]
    group = max((name for name in KINDS if f"/{name}/" in bare), key=len, default="")
    *_, above, last = bare.split("/")
    kind = next((kind for kind in " ".join(KINDS.get(group, ())).split() if plural(kind) == last), "")
    if not kind:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}
        return {**status, "reason": "NotFound", "message": f'{above} "{last}" not found'}
    items = LISTS.get(bare, [])
    # As the API server does, with the kind of all of them once.
    each = [{key: value for key, value in one.items() if key not in ("kind", "apiVersion")} for one in items]
    return {"kind": f"{kind}List", "apiVersion": group, "metadata": {}, "items": each}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Run where nothing is; yield the options that lead to a cluster of two nodes without a release."""
    monkeypatch.chdir(tmp_path)
    helm = tmp_path / "helm"
    helm.write_text(HELM.format(folder=tmp_path))
    helm.chmod(0o755)
    with asking(answer, tmp_path) as kubectl:
        yield ["--kubectl", kubectl.command, "--kubeconfig", kubectl.kubeconfig, "--lang", "en"]


def called(folder: Path) -> list[list[str]]:
    return [shlex.split(line) for line in (folder / "called").read_text().splitlines()]


def test_values_helm_and_a_test(
    cluster: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--helm", str(tmp_path / "helm"), "--set", "api.replicas=3"]
    assert tools.call("up", [*cluster, *given]) is Exit.OK
    shown = capsys.readouterr()
    where = ["--namespace=mcapp", f"--kubeconfig={tmp_path}/config"]
    flags = ["--create-namespace", "--values", "values-multi.yaml", "--wait", "--timeout=300s"]
    assert called(tmp_path) == [
        ["upgrade", "--install", "mcapp", str(CHART), *flags, *where],
        ["test", "mcapp", "--timeout=150s", *where],
    ]
    values = yaml.safe_load((tmp_path / "values-multi.yaml").read_text())
    assert (values["topology"], values["api"]["replicas"]) == ("multi", 3)
    pages = ["http://10.0.0.1:30080", "http://10.0.0.2:30080"]
    assert set(values["cluster"]["urls"]) == set(pages)
    said, page = shown.out.splitlines()
    assert said == "mcapp runs in namespace mcapp, topology multi."
    assert page.startswith("The page: ")
    assert all(one in page for one in pages)
    # As genvalues does, it leaves a file alone that says the same.
    assert tools.call("up", [*cluster, *given, "--no-test", "--output", "json"]) is Exit.OK
    document = json.loads(capsys.readouterr().out)
    assert set(document.pop("urls")) == set(pages)
    assert document == {
        "release": "mcapp",
        "namespace": "mcapp",
        "topology": "multi",
        "values": "values-multi.yaml",
        "changed": False,
        "tested": False,
    }
    assert [words[0] for words in called(tmp_path)] == ["upgrade", "test", "upgrade"]


def test_genvalues_writes_the_same(cluster: list[str], tmp_path: Path) -> None:
    assert tools.call("up", [*cluster, "--helm", str(tmp_path / "helm"), "--file", "up.yaml"]) is Exit.OK
    assert tools.call("genvalues", [*cluster, "--file", "own.yaml"]) is Exit.OK
    assert (tmp_path / "up.yaml").read_text() == (tmp_path / "own.yaml").read_text()


@pytest.mark.parametrize(("verb", "calls"), [("upgrade", 1), ("test", 2)])
def test_the_doctor_says_why(
    verb: str, calls: int, cluster: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"fails-{verb}").touch()
    with pytest.raises(UserError) as caught:
        tools.call("up", [*cluster, "--helm", str(tmp_path / "helm")])
    assert caught.value.code is Exit.FAILED
    assert str(caught.value).startswith(f"helm {verb} failed: Error: context deadline exceeded. Do what")
    assert "Cause: namespace-missing" in capsys.readouterr().err
    assert len(called(tmp_path)) == calls


def test_a_real_helm_fails_in_a_sentence(
    cluster: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The API server takes no object."""
    with pytest.raises(UserError) as caught:
        tools.call("up", [*cluster, "--topology", "single", "--wait", "5"])
    assert str(caught.value).startswith("helm upgrade failed: ")
    assert caught.value.code is Exit.FAILED
    assert (tmp_path / "values-single.yaml").exists()
    assert "Cause: namespace-missing" in capsys.readouterr().err


def test_without_helm_nothing_is_written(cluster: list[str], tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"The program nohelm is not there\. Install Helm \(https://"
    ) as caught:
        tools.call("up", [*cluster, "--helm", "nohelm"])
    assert caught.value.code is Exit.UNREACHABLE
    assert not list(tmp_path.glob("*.yaml"))


def test_no_node_for_the_database(
    cluster: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LISTS, "/api/v1/nodes", NODES[:1])
    with pytest.raises(UserError) as caught:
        tools.call("up", [*cluster, "--topology", "multi", "--helm", str(tmp_path / "helm")])
    assert caught.value.code is Exit.NO_PLACEMENT
    assert not (tmp_path / "called").exists()
