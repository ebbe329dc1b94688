"""Backups against a real PostgreSQL: made, listed, verified, restored; and those that are refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dev.local.postgres import PostgresServer
from mcapp.backup import folder, restore
from mcapp.backup.cli import latest
from mcapp.backup.folder import Folder
from mcapp.backup.manifest import Backup, RefusedError
from mcapp.backup.server import Server
from mcapp.backup.shell import ShellError
from mcapp.errors import UserError
from tests.data.conftest import LocalShell
from tests.data.test_fingerprint import take

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


class CutShell(LocalShell):
    """A connection that loses what is still on its way, and reports success."""

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return super().start(["sh", "-c", '"$@" | head --bytes=100', "sh", *command])


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "backups")


@pytest.fixture
def backup(server: Server, store: Folder) -> Backup:
    return store.create(server)


def path(backup: Backup) -> Path:
    return Path(backup.where) / backup.manifest.name


def untouched(server: Server, before: object) -> bool:
    """Whether the live data are as before, and nothing else was left on the server."""
    left = server.databases("mcapp_throwaway") + server.kept()
    return not left and server.fingerprint() == before


def test_a_backup_is_made_listed_and_good(server: Server, store: Folder, backup: Backup) -> None:
    made = backup.manifest
    assert made.rows == 4
    assert made.fingerprint == server.fingerprint()
    assert made.document["release"] == "mcapp"
    assert made.document["namespace"] == "lab"
    assert made.document["serverNumber"] == server.version()
    assert store.list() == [backup]
    sums = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=path(backup), check=False)
    assert sums.returncode == 0
    before = server.fingerprint()
    assert restore.verify(store, made.name, server).differences == []
    assert untouched(server, before)


def test_a_restore_brings_everything_back_and_keeps_the_old(
    server: Server, store: Folder, backup: Backup, populated: PostgresServer
) -> None:
    before = server.fingerprint()
    populated.sql("DROP SCHEMA app CASCADE")
    populated.sql("REVOKE CONNECT ON DATABASE appdb FROM app")
    populated.sql("ALTER ROLE app IN DATABASE appdb RESET search_path")
    # Like the api's pool: an idle connection must not prevent the swap.
    with psycopg.connect(populated.admin_conninfo) as idle:
        restored = restore.restore(store, backup.manifest.name, server)
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")
    assert before.differences(server.fingerprint()) == []
    assert server.kept() == [restored.kept]
    assert take(populated, restored.kept).rows == {}
    populated.sql("INSERT INTO tasks (title) VALUES ('by the app')", user="app")
    dropped = restore.restore(store, backup.manifest.name, server, drop_old=True)
    assert (dropped.kept, server.kept()) == ("", [restored.kept])
    assert before.differences(server.fingerprint()) == []


def test_what_is_written_during_a_backup_does_no_harm(
    server: Server, store: Folder, populated: PostgresServer
) -> None:
    """A row that is written after the fingerprint is not in the dump; only the sequence has run on there."""
    dump = folder._DUMP
    write = "\\! psql -Xq -c \"INSERT INTO app.tasks (title) VALUES ('meanwhile')\"\n"
    at = dump.index("\\! pg_dump")
    try:
        folder._DUMP = dump[:at] + write + dump[at:]
        backup = store.create(server)
    finally:
        folder._DUMP = dump
    assert backup.manifest.rows == 4
    assert populated.sql("SELECT count(*) FROM app.tasks") == [(4,)]
    assert restore.verify(store, backup.manifest.name, server).differences == []


def damage(backup: Backup, file: str, change: object) -> None:
    at = path(backup) / file
    assert callable(change)
    at.write_bytes(change(at.read_bytes()))


def reseal(backup: Backup) -> None:
    """Write the checksums again, as somebody does who changes a backup on purpose."""
    where = path(backup)
    sums = "".join(f"{folder._digest(where / name)}  {name}\n" for name in ("archive.dump", "manifest.json"))
    (where / "SHA256SUMS").write_text(sums)


def rewritten(**changed: object) -> object:
    return lambda content: json.dumps({**json.loads(content), **changed}).encode()


BROKEN = {
    "a byte turned": ("archive.dump", lambda c: c[:99] + bytes([c[99] ^ 1]) + c[100:], False, "checksum"),
    "cut off": ("archive.dump", lambda c: c[: len(c) // 2], False, "checksum"),
    "manifest changed": ("manifest.json", lambda c: c.replace(b'"lab"', b'"lib"'), False, "checksum"),
    "no sums": ("SHA256SUMS", lambda _: b"", False, "checksum"),
    "cut off, sums and all": ("archive.dump", lambda c: c[:-20], True, "cannot be restored"),
    "no archive": ("archive.dump", lambda _: b"hello", True, "none of pg_dump's"),
    "archive of a later pg_dump": (
        "archive.dump",
        lambda c: c[:5] + bytes([1, 99]) + c[7:],
        True,
        "cannot be restored .*unsupported version",
    ),
    "later PostgreSQL": (
        "manifest.json",
        rewritten(serverNumber=170001, server="17.1"),
        True,
        "PostgreSQL 17.1",
    ),
    "later format": ("manifest.json", rewritten(format=2), True, "its format is 2"),
    "manifest cut off": ("manifest.json", lambda c: c[:99], True, "manifest is damaged"),
    "later app": ("manifest.json", rewritten(app="0.10.0"), True, "version 0.10.0 of the app"),
    "another name": ("manifest.json", rewritten(name="mcapp-1"), True, "it is mcapp-1 by its manifest"),
    "too large": ("manifest.json", rewritten(databaseBytes=10**15), True, "MB are free"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_bad_backup_is_refused_before_anything_changes(
    server: Server, store: Folder, backup: Backup, broken: str
) -> None:
    file, change, sealed, why = BROKEN[broken]
    before = server.fingerprint()
    damage(backup, file, change)
    if sealed:
        reseal(backup)
    with pytest.raises(RefusedError, match=why) as refused:
        restore.restore(store, backup.manifest.name, server)
    assert "Nothing was changed" in str(refused.value)
    assert untouched(server, before)


def test_the_latest_is_of_the_release_that_is_meant(server: Server, store: Folder, backup: Backup) -> None:
    other = "second-29990101T000000Z"
    shutil.copytree(path(backup), path(backup).with_name(other))
    manifest_file = path(backup).with_name(other) / "manifest.json"
    changed = rewritten(name=other, release="second", created="2999-01-01T00:00:00Z")
    manifest_file.write_bytes(changed(manifest_file.read_bytes()))  # type: ignore[operator]
    assert store.list()[-1].manifest.name == other
    assert latest(store, server) == backup.manifest.name


def test_roles_that_the_server_does_not_know_are_named(
    server: Server, store: Folder, populated: PostgresServer
) -> None:
    populated.sql("CREATE ROLE reader")
    populated.sql("GRANT SELECT ON app.tasks TO reader")
    backup = store.create(server)
    populated.sql("DROP OWNED BY reader")
    populated.sql("DROP ROLE reader")
    with pytest.raises(RefusedError, match="does not know the roles reader"):
        restore.restore(store, backup.manifest.name, server)


@pytest.mark.parametrize("what", ["rows", "sequence", "grant"])
def test_another_content_than_the_manifests_is_not_restored(
    server: Server, store: Folder, backup: Backup, what: str
) -> None:
    before = server.fingerprint()
    document = json.loads((path(backup) / "manifest.json").read_bytes())
    if what == "rows":
        document["fingerprint"]["tables"]["app.tasks"]["rows"] = 5
    elif what == "sequence":
        document["fingerprint"]["sequences"]["app.tasks_id_seq"]["next"] += 9
        document["sequencesUntil"] = {}
    else:
        document["fingerprint"]["grants"]["table app.tasks"]["rights"].pop()
    (path(backup) / "manifest.json").write_text(json.dumps(document))
    reseal(backup)
    assert len(restore.verify(store, backup.manifest.name, server).differences) == 1
    with pytest.raises(UserError, match="live data are as they were"):
        restore.restore(store, backup.manifest.name, server)
    assert untouched(server, before)


def test_only_one_run_at_a_time_and_it_cleans_up_after_the_dead(server: Server) -> None:
    server.shell.sql("CREATE DATABASE mcapp_throwaway_dead;")
    with server.alone():
        assert server.databases("mcapp_throwaway") == []
        with pytest.raises(UserError, match="at work on this database"), server.alone():
            pass
    with server.alone():
        pass


def test_a_dump_that_breaks_off_is_no_backup(server: Server, store: Folder) -> None:
    gone = replace(server, database="nothing")
    with pytest.raises(ShellError, match='database "nothing" does not exist'):
        store.create(gone)
    (store.path / ".partial").mkdir()
    assert store.list() == []
    dump = folder._DUMP
    try:
        folder._DUMP = dump.replace("pg_dump --format", "pg_dump --nonsense --format")
        with pytest.raises(ShellError, match="pg_dump failed"):
            store.create(server)
    finally:
        folder._DUMP = dump
    assert not (store.path / ".partial").exists()
    assert store.list() == []


def test_a_dump_that_does_not_arrive_whole_is_no_backup(server: Server, store: Folder) -> None:
    shell = server.shell
    assert isinstance(shell, LocalShell)
    cut = replace(server, shell=CutShell(shell.password, shell.environment, shell.postgres))
    with pytest.raises(ShellError, match="broke off on its way"):
        store.create(cut)
    assert store.list() == []


def test_a_backup_that_is_not_there(store: Folder, backup: Backup, server: Server) -> None:
    with pytest.raises(UserError, match=f"no backup .*other.*There are: {backup.manifest.name}"):
        restore.verify(store, "other", server)
