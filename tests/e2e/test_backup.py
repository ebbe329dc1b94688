"""Backups on the cluster: by hand and by the CronJob, restored here and elsewhere, refused and cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from dev import ROOT
from dev.kind.process import output
from dev.kind.programs import command
from mcapp.backup.fingerprint import Fingerprint
from mcapp.backup.server import Server, find
from mcapp.config import CHART
from mcapp.errors import UserError
from mcapp.kube.kubectl import Kubectl
from mcapp.progress import Meter
from tests.e2e.conftest import Up

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
SCRIPT = ROOT / "scripts" / "backup.py"
# What the pods of a test can do without.
QUICK = {
    "topology": "multi",
    "web": {"replicas": 0, "service": {"type": "ClusterIP", "nodePort": None}},
    "api": {"replicas": 1, "drainSeconds": 0},
}


@dataclass(frozen=True)
class Lab:
    """One release in a namespace of its own, and the folder of its backups."""

    up: Up
    name: str
    folder: Path

    @property
    def kubectl(self) -> Kubectl:
        return Kubectl(str(command("kubectl")), str(self.up.cluster.kubeconfig))

    @property
    def server(self) -> Server:
        return find(self.kubectl, self.name, self.name)

    def install(self, values: dict[str, Any]) -> None:
        into = ("--namespace", self.name, "--create-namespace", "--values", "-", "--wait", "--timeout", "3m")
        output(
            [command("helm"), "install", self.name, CHART, *into],
            env=self.up.cluster.env(),
            stdin=json.dumps({**QUICK, **values}),
        )

    def remove(self) -> None:
        self.up.cluster.kubectl("delete", "namespace", self.name, "--ignore-not-found", "--wait=false")

    def words(self, *arguments: str) -> list[str]:
        which = ("--namespace", self.name, "--release", self.name)
        where = () if "--volume" in arguments or "discard" in arguments else ("--folder", str(self.folder))
        cluster = ("--kubeconfig", str(self.up.cluster.kubeconfig), "--kubectl", str(command("kubectl")))
        return [sys.executable, str(SCRIPT), *arguments, *which, *where, *cluster]

    def backup(self, *arguments: str) -> Any:
        shown = output(self.words(*arguments, "--output", "json"))
        return json.loads(shown)

    def refused(self, *arguments: str) -> str:
        done = subprocess.run(self.words(*arguments), capture_output=True, text=True, check=False)
        assert done.returncode == 5, done.stdout + done.stderr
        return done.stderr

    def tasks(self) -> list[str]:
        """Ask the api itself, which must have come back to the database by then."""
        code = (
            "import urllib.request as u; print(u.urlopen('http://localhost:8000/api/tasks').read().decode())"
        )
        into = ("-n", self.name, "exec", "deploy/blue-api" if self.name == "blue" else "deploy/api", "--")
        until = time.monotonic() + 20
        while True:
            try:
                shown = json.loads(self.up.cluster.kubectl(*into, "python", "-c", code))
                return [task["title"] for task in shown["items"]]
            except UserError:
                # It says 503 until it is back.
                if time.monotonic() > until:
                    raise


@pytest.fixture(scope="module")
def blue(installed: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(installed, "blue", tmp_path_factory.mktemp("backups"))
    try:
        lab.install({"namePrefix": "blue", "backup": {"enabled": True, "keep": 2}})
        lab.server.shell.sql("INSERT INTO app.tasks (title) VALUES ('one'), ('two'), ('三');", "appdb")
        # Enough for a restore to be caught at it.
        lab.server.shell.sql(
            "CREATE TABLE app.bulk AS SELECT i, md5(i::text) AS m FROM generate_series(1, 200000) i;", "appdb"
        )
        yield lab
    finally:
        lab.remove()


@pytest.fixture(scope="module")
def made(blue: Lab) -> str:
    """The name of the first backup in the folder."""
    name: str = blue.backup("create")["name"]
    return name


def untouched(lab: Lab, before: Fingerprint) -> bool:
    return not before.differences(lab.server.fingerprint()) and not lab.server.kept()


class SlowFile(BytesIO):
    """A disk that is slower than the connection."""

    def write(self, data: Any) -> int:
        time.sleep(0.02)
        return super().write(data)


def test_all_of_a_stream_arrives_however_slowly_it_is_taken(blue: Lab) -> None:
    """kubectl exec drops what is still on its way when the program in the pod is over."""
    taken = SlowFile()
    blue.server.shell.stream("head --bytes=64M /dev/zero", taken, Meter())
    assert taken.tell() == 64 * 2**20


def test_a_backup_is_listed_and_good(blue: Lab, made: str) -> None:
    (listed,) = blue.backup("list")
    assert (listed["name"], listed["rows"]["app.tasks"], listed["namespace"]) == (made, 3, "blue")
    verified = blue.backup("verify", made)
    assert verified["good"]
    assert verified["content"] == blue.server.fingerprint().content


def test_a_restore_that_is_killed_leaves_the_live_data_alone(blue: Lab, made: str) -> None:
    before = blue.server.fingerprint()
    words = blue.words("restore", made)
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as killed:
        assert killed.stderr
        for line in killed.stderr:
            if "beside the live data" in line:
                break
        until = time.monotonic() + 20
        while not (half := blue.server.databases("mcapp_throwaway")):
            assert time.monotonic() < until
        os.killpg(killed.pid, signal.SIGKILL)
    assert half
    assert untouched(blue, before)
    assert blue.backup("verify", made)["good"]
    assert blue.server.databases("mcapp_throwaway") == []


def test_a_damaged_archive_is_refused(blue: Lab, made: str) -> None:
    before = blue.server.fingerprint()
    archive = blue.folder / made / "archive.dump"
    whole = archive.read_bytes()
    try:
        archive.write_bytes(whole[:-1000])
        assert "does not match its checksum. Nothing was changed" in blue.refused("restore", made)
    finally:
        archive.write_bytes(whole)
    assert untouched(blue, before)


def test_wiped_and_restored(blue: Lab, made: str) -> None:
    before = blue.server.fingerprint()
    blue.server.shell.sql("DROP SCHEMA app CASCADE;", "appdb")
    kept = blue.backup("restore", made)["kept"]
    assert before.differences(blue.server.fingerprint()) == []
    assert blue.tasks() == ["三", "two", "one"]
    assert blue.backup("discard", kept) == {"kept": [], "dropped": [kept]}


def test_restored_into_a_fresh_release_of_another_namespace(blue: Lab, made: str) -> None:
    green = Lab(blue.up, "green", blue.folder)
    try:
        green.install({"db": {"database": "other"}})
        green.backup("restore", made, "--drop-old")
        assert green.tasks() == ["三", "two", "one"]
        assert green.server.fingerprint().content == blue.server.fingerprint().content
        assert green.server.kept() == []
    finally:
        green.remove()


def test_the_cronjob_makes_what_is_verified_fetched_and_restored(blue: Lab) -> None:
    kubectl = blue.up.cluster.kubectl
    kubectl("-n", "blue", "create", "job", "--from=cronjob/blue-db-backup", "by-hand")
    kubectl("-n", "blue", "wait", "--for=condition=complete", "job/by-hand", "--timeout=90s")
    (listed,) = blue.backup("list", "--volume")
    assert f"Made {listed['name']}" in kubectl("-n", "blue", "logs", "job/by-hand")
    # Another node than the database's: what breaks one of them leaves the other.
    node = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod["spec"]["nodeName"]
        for pod in blue.up.cluster.get("pods", "-n", "blue")["items"]
    }
    assert node["db-backup"] != node["db"]
    assert blue.backup("fetch", "latest")["name"] == listed["name"]
    blue.server.shell.sql("DELETE FROM app.tasks;", "appdb")
    restored = blue.backup("restore", "latest", "--volume", "--drop-old")
    assert restored["name"] == listed["name"]
    assert blue.tasks() == ["三", "two", "one"]
    left = blue.up.cluster.get("jobs", "-n", "blue", "-o", "name")["items"]
    assert len(left) == 2, "the volume's own and the one by hand"
