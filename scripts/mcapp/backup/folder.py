"""Backups on the user's machine: a folder with a folder for each, which gets its name when it is whole."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mcapp.backup import manifest, words
from mcapp.backup.fingerprint import SQL
from mcapp.backup.manifest import Backup, Manifest, RefusedError
from mcapp.backup.server import Server
from mcapp.backup.volume import Volume
from mcapp.config import CHART
from mcapp.errors import FailedError, UserError
from mcapp.progress import Meter, step

ARCHIVE, MANIFEST, SUMS = "archive.dump", "manifest.json", "SHA256SUMS"
_DUMP = (CHART / "files/backup/backup.sql").read_text(encoding="utf-8").replace("\\ir fingerprint.sql\n", SQL)
# The first bytes of pg_dump's custom format.
MAGIC = b"PGDMP"


@dataclass(frozen=True)
class Folder:
    """The folder that holds the backups."""

    path: Path

    def create(self, server: Server) -> Backup:
        """Make a backup of the server's database.

        Raises UserError, ShellError; then no backup has been made.
        """
        name = f"{server.release.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        with self._partial() as partial:
            archive, meter = partial / ARCHIVE, Meter()
            whose = server.release
            doing = words.STEP_DUMP(database=server.database, release=whose.name)
            with step(doing, meter), archive.open("wb") as file:
                server.shell.dump(
                    _DUMP,
                    file,
                    meter,
                    PGDATABASE=server.database,
                    **{"NAME": name, "RELEASE": whose.name, "NAMESPACE": whose.namespace},
                    **{"CHART_VERSION": whose.chart, "APP_VERSION": whose.app},
                )
            (partial / MANIFEST).write_bytes(_split(archive))
            made = manifest.read((partial / MANIFEST).read_bytes(), name)
            sums = "".join(f"{_digest(partial / file)}  {file}\n" for file in (ARCHIVE, MANIFEST))
            (partial / SUMS).write_text(sums)
            return self._finish(partial, name, made)

    def list(self) -> list[Backup]:
        """Return the backups, the oldest first."""
        found = []
        with self._readable():
            for folder in sorted(self.path.glob("[!.]*/")):
                if (folder / SUMS).exists() and (folder / ARCHIVE).exists():
                    with manifest.skipped():
                        found.append(self._read(folder))
        return found

    def checked(self, name: str) -> Backup:
        """Return a backup after a check of every byte.

        Raises:
            UserError: there is none of this name, or it cannot be read.
            RefusedError: it is damaged.

        """
        with self._readable():
            return self._checked(name)

    def _checked(self, name: str) -> Backup:
        folder = self.path / name
        if not folder.is_dir():
            known = [backup.manifest.name for backup in self.list()[-3:]]
            remedy = words.THERE_ARE(names=known) if known else words.ANOTHER()
            raise UserError(words.NO_BACKUP(path=str(folder)), remedy)
        for file in (ARCHIVE, MANIFEST, SUMS):
            if not (folder / file).is_file():
                raise RefusedError(name, words.FILE_MISSING(file=file), words.ANOTHER())
        with step(words.STEP_CHECK(path=str(folder))):
            sums = (folder / SUMS).read_text(errors="replace").splitlines()
            for file in (ARCHIVE, MANIFEST):
                if f"{_digest(folder / file)}  {file}" not in sums:
                    raise RefusedError(name, words.CHECKSUM(file=file), words.ANOTHER())
            with (folder / ARCHIVE).open("rb") as archive:
                if archive.read(len(MAGIC)) != MAGIC:
                    raise RefusedError(name, words.NOT_PG_DUMP(), words.ANOTHER())
        found = self._read(folder)
        if found.manifest.name != name:
            why = words.OTHER_NAME(name=found.manifest.name)
            raise RefusedError(name, why, words.OTHER_NAME_REMEDY())
        return found

    def take(self, volume: Volume, name: str) -> Backup:
        """Copy a backup from the release's volume.

        Raises UserError, RefusedError; then there is no copy.
        """
        wanted = volume.checked(name)
        with self._partial() as partial:
            meter = Meter(wanted.size)
            doing = words.STEP_FETCH(name=name, path=str(self.path))
            with step(doing, meter), tempfile.TemporaryFile(dir=partial) as packed:
                volume.pack(wanted, packed, meter)
                packed.seek(0)
                with tarfile.open(fileobj=packed) as content:
                    content.extractall(partial, filter="data")
            Folder(partial).checked(name)
            return self._finish(partial / name, name, wanted.manifest)

    def meter(self, backup: Backup) -> Meter | None:
        """Return what counts the bytes of `pour`."""
        return Meter(backup.size)

    def pour(self, backup: Backup, server: Server, script: str, meter: Meter | None = None) -> None:
        """Run a script at the server with the archive as its standard input."""
        with (Path(backup.where) / backup.manifest.name / ARCHIVE).open("rb") as archive:
            server.shell.run(script, stdin=archive, meter=meter)

    def _read(self, folder: Path) -> Backup:
        made = manifest.read((folder / MANIFEST).read_bytes(), folder.name)
        return Backup(str(folder.parent), (folder / ARCHIVE).stat().st_size, made)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Say that something in the folder cannot be read."""
        try:
            yield
        except OSError as error:
            problem = words.FOLDER_UNREADABLE(path=str(self.path), why=error.strerror or str(error))
            raise FailedError(problem, words.FOLDER_UNREADABLE_REMEDY()) from None

    @contextmanager
    def _partial(self) -> Iterator[Path]:
        """Make an empty folder for what is not whole yet. Afterwards it is removed."""
        partial = self.path / ".partial"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with (self.path / ".lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    problem = words.FOLDER_BUSY(path=str(self.path))
                    raise FailedError(problem, words.FOLDER_BUSY_REMEDY()) from None
                # No other process holds the lock: what is here is left from a run that was killed.
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                try:
                    yield partial
                finally:
                    shutil.rmtree(partial, ignore_errors=True)
        except OSError as error:
            problem = words.FOLDER_UNWRITABLE(path=str(self.path), why=error.strerror)
            raise FailedError(problem, words.FOLDER_UNWRITABLE_REMEDY()) from None

    def _finish(self, partial: Path, name: str, made: Manifest) -> Backup:
        for path in (*partial.iterdir(), partial):
            _sync(path)
        folder = self.path / name
        partial.rename(folder)
        _sync(self.path)
        return Backup(str(folder.parent), (folder / ARCHIVE).stat().st_size, made)


def _split(archive: Path) -> bytes:
    """Cut the manifest off the end of what backup.sql printed, and return it."""
    with archive.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        end = content.rfind(b"\n", 0, len(content) - 1)
        line = content[end + 1 :]
    os.truncate(archive, max(end, 0))
    return line


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
