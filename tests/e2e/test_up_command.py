"""`mcapp up` on two real nodes: an upgrade, a first install, and why one does not come up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from dev import ROOT
from dev.kind.programs import command
from mcapp.errors import Exit
from tests.e2e.conftest import Up
from tests.e2e.journey import write_and_read

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


def bring_up(installed: Up, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the tool in a folder of its own."""
    given = ["--kubeconfig", str(installed.cluster.kubeconfig), "--helm", str(command("helm"))]
    given += ["--kubectl", str(command("kubectl")), "--lang", "en", "--output", "json"]
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "up.py"), *given, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def revision(installed: Up) -> int:
    history = json.loads(installed.release.helm("history", "--output", "json"))
    return int(history[-1]["revision"])


def test_what_is_there_is_upgraded_and_tested(installed: Up, tmp_path: Path) -> None:
    before, pods = revision(installed), {pod["metadata"]["uid"] for pod in installed.release.pods()}
    done = bring_up(installed, tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["topology"], document["tested"], document["changed"]) == ("multi", True, True)
    assert set(document["urls"]) == set(installed.pages()[1:])
    assert revision(installed) == before + 1
    assert {pod["metadata"]["uid"] for pod in installed.release.pods()} == pods
    write_and_read(document["urls"][0])


def test_a_first_install_beside_it(installed: Up, tmp_path: Path) -> None:
    where = ["-n", "second", "--release", "second", "--set", "web.service.nodePort=30190"]
    try:
        done = bring_up(installed, tmp_path, *where)
        assert done.returncode == 0, done.stderr
        for page in json.loads(done.stdout)["urls"]:
            assert page.endswith(":30190")
            assert httpx.get(page, timeout=10).status_code == 200
    finally:
        installed.cluster.kubectl("delete", "namespace", "second", "--ignore-not-found", "--wait=false")


# A minute until the kubelet says that it has no such image.
@pytest.mark.long
def test_an_image_that_no_node_has(installed: Up, tmp_path: Path) -> None:
    where = ["-n", "third", "--release", "third", "--wait", "60", "--no-test"]
    wishes = ["--set", "web.image.tag=nowhere", "--set", "web.service.nodePort=30191"]
    try:
        done = bring_up(installed, tmp_path, *where, *wishes)
        assert done.returncode == Exit.FAILED
        assert "Cause: image-missing" in done.stderr
        assert "images.py --to user@lab`" in done.stderr.splitlines()[-1]
    finally:
        installed.cluster.kubectl("delete", "namespace", "third", "--ignore-not-found", "--wait=false")
