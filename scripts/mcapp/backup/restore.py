"""Verifies a backup in a throw-away database, and puts a backup in the place of the live data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from mcapp.backup import words
from mcapp.backup.fingerprint import Difference, Fingerprint
from mcapp.backup.manifest import Backup, RefusedError
from mcapp.backup.server import Server, literal, quoted
from mcapp.backup.shell import ShellError
from mcapp.errors import FailedError
from mcapp.messages import announce
from mcapp.progress import Meter, step
from mcapp.wait import until

# The values of these settings are lists of names, which are quoted already as in SQL.
_LISTS = {"local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces"}
# Even if pg_restore fails, all of the archive is read: kubectl exec would wait forever for that.
_RESTORE = (
    "code=0; pg_restore --no-password --exit-on-error --dbname={} || code=$?; cat >/dev/null; exit $code"
)
_RECONNECT_SECONDS = 15.0


class Store(Protocol):
    """A place where backups are kept."""

    def checked(self, name: str) -> Backup:
        """Return a backup after a check of every byte."""

    def meter(self, backup: Backup) -> Meter | None:
        """Return what counts the bytes of `pour`, None where they do not pass through this process."""

    def pour(self, backup: Backup, server: Server, script: str, meter: Meter | None = None) -> None:
        """Run a script at the server with the archive as its standard input."""


class Verified(NamedTuple):
    """A backup that was restored, and how the result differs from its manifest; [] if it is good."""

    backup: Backup
    differences: list[Difference]


class Restored(NamedTuple):
    """A backup that is live now, and the name under which the old data are kept ("": dropped)."""

    backup: Backup
    kept: str


def verify(store: Store, name: str, server: Server) -> Verified:
    """Restore a backup into a throw-away database, and compare that with the manifest.

    Raises RefusedError, and FailedError where another run is at work.
    """
    backup = store.checked(name)
    with server.alone(), _copy(store, backup, server) as (_, differences):
        return Verified(backup, differences)


def restore(store: Store, name: str, server: Server, *, drop_old: bool = False) -> Restored:
    """Restore a backup beside the live database, compare it, and swap the two.

    Raises RefusedError, and FailedError where another run is at work or the result differs from the manifest.
    The live data are then as they were.
    """
    backup = store.checked(name)
    backup.manifest.refuse_for(server)
    with server.alone(), _copy(store, backup, server) as (copy, differences):
        if differences:
            shown = [difference.text for difference in differences]
            raise FailedError(words.NOT_RESTORED(name=name, differences=shown), words.ANOTHER())
        with step(words.STEP_SWAP(database=server.database)):
            # To the millisecond, so that two restores within a second get two names.
            old = server.swap(copy, f"{datetime.now(UTC):%Y%m%dt%H%M%S%f}"[:-3] + "z")
        if drop_old:
            with step(words.STEP_DROP(database=old)):
                server.drop(old)
        return Restored(backup, "" if drop_old else old)


@contextmanager
def _copy(store: Store, backup: Backup, server: Server) -> Iterator[tuple[str, list[Difference]]]:
    """Restore a backup beside the other databases; yield the name and how it differs from the manifest."""
    made = backup.manifest
    made.refuse_on(server)
    with server.throw_away() as copy:
        meter = store.meter(backup)
        with step(words.STEP_RESTORE(name=made.name, database=copy), meter):
            try:
                store.pour(backup, server, _RESTORE.format(copy), meter)
            except ShellError as error:
                remedy = words.UNRESTORABLE_REMEDY(another=words.ANOTHER())
                raise RefusedError(made.name, words.UNRESTORABLE(said=error.said), remedy) from None
            # An archive holds neither the database's own properties nor the planner's statistics.
            server.shell.sql("".join(_properties(copy, made.fingerprint)))
            server.shell.sql("ANALYZE;", copy)
        with step(words.STEP_COMPARE()):
            differences = made.fingerprint.differences(server.fingerprint(copy), made.until)
        yield copy, differences


def _properties(database: str, wanted: Fingerprint) -> Iterator[str]:
    """Yield the SQL that gives a new database the owner, the grants and the settings of the old one."""
    held = wanted.document["grants"]["database"]
    name = quoted(database)
    yield f"ALTER DATABASE {name} OWNER TO {quoted(held['owner'])};"
    yield f"REVOKE ALL ON DATABASE {name} FROM PUBLIC, {quoted(held['owner'])};"
    for right in held["rights"]:
        role, _, privilege = right.rpartition(": ")
        grantee = "PUBLIC" if role == "PUBLIC" else quoted(role)
        privilege, option, _ = privilege.partition(" WITH GRANT OPTION")
        yield f"GRANT {privilege} ON DATABASE {name} TO {grantee}{option};"
    for role, settings in wanted.document["settings"].items():
        whose = f"ROLE {quoted(role)} IN DATABASE {name}" if role else f"DATABASE {name}"
        for setting in settings:
            key, _, value = setting.partition("=")
            yield f"ALTER {whose} SET {quoted(key)} TO {value if key in _LISTS else literal(value)};"


def await_api(server: Server) -> None:
    """Say when the api is connected to the database again, or that it is not yet."""
    began = time.monotonic()
    if until(server.connected, _RECONNECT_SECONDS):
        announce(words.API_BACK(seconds=f"{time.monotonic() - began:.1f}"))
    else:
        announce(words.API_AWAY(namespace=server.release.namespace, release=server.release.name))
