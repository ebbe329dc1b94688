"""Backups on the cluster: by hand and by the CronJob, restored here and elsewhere, refused, interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from mcapp import wait
from mcapp.backup.fingerprint import Fingerprint
from mcapp.progress import Meter
from tests.e2e.conftest import Up
from tests.e2e.lab import BACK_SECONDS, Lab

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"


@pytest.fixture(scope="module")
def blue(installed: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(installed, "blue", tmp_path_factory.mktemp("backups"))
    try:
        lab.install({"namePrefix": "blue", "backup": {"enabled": True, "keep": 2}})
        lab.server.shell.sql("INSERT INTO app.tasks (title) VALUES ('one'), ('two'), ('三');", "appdb")
        # Enough rows for a test to interrupt the restore.
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
    """A file on a disk that is slower than the connection."""

    def write(self, data: Any) -> int:
        time.sleep(0.02)
        return super().write(data)


def test_all_of_a_stream_arrives_however_slowly_it_is_taken(blue: Lab) -> None:
    """kubectl exec drops the bytes that are still on their way when the program in the pod ends."""
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
        half = wait.until(lambda: blue.server.databases("mcapp_throwaway"), BACK_SECONDS, pause=0)
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
    release = blue.release
    release.kubectl("create", "job", "--from=cronjob/blue-db-backup", "by-hand")
    release.kubectl("wait", "--for=condition=complete", "job/by-hand", "--timeout=90s")
    (listed,) = blue.backup("list", "--volume")
    assert f"Made {listed['name']}" in release.logs("job/by-hand")
    # On another node than the database, so that one broken node leaves either the data or the backup.
    node = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod["spec"]["nodeName"]
        for pod in release.get("pods")["items"]
    }
    assert node["db-backup"] != node["db"]
    assert blue.backup("fetch", "latest")["name"] == listed["name"]
    blue.server.shell.sql("DELETE FROM app.tasks;", "appdb")
    restored = blue.backup("restore", "latest", "--volume", "--drop-old")
    assert restored["name"] == listed["name"]
    assert blue.tasks() == ["三", "two", "one"]
    left = release.get("jobs")["items"]
    assert len(left) == 2, "the Job of the volume and the one by hand"
