"""Verifies a backup in a throw-away database, and puts one in the place of the live data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from mcapp.backup.fingerprint import Difference, Fingerprint
from mcapp.backup.manifest import ANOTHER, Backup, RefusedError
from mcapp.backup.server import Server, literal, quoted
from mcapp.backup.shell import ShellError
from mcapp.errors import FailedError
from mcapp.messages import announce
from mcapp.progress import Meter, step

# What these settings hold is a list of names, already quoted as SQL writes them.
_LISTS = {"local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces"}
# All of the archive is read even where pg_restore gives up: kubectl exec would wait for that for ever.
_RESTORE = (
    "code=0; pg_restore --no-password --exit-on-error --dbname={} || code=$?; cat >/dev/null; exit $code"
)
_RECONNECT_SECONDS = 15.0


class Store(Protocol):
    """Where backups are."""

    def checked(self, name: str) -> Backup:
        """Return a backup after a look at every byte of it."""

    def meter(self, backup: Backup) -> Meter | None:
        """Return what counts while a backup is poured; None where that cannot be seen."""

    def pour(self, backup: Backup, server: Server, script: str, meter: Meter | None = None) -> None:
        """Run a script at the server with the archive as its standard input."""


class Verified(NamedTuple):
    """A backup that was restored, and what was not as its manifest says; [] if it is good."""

    backup: Backup
    differences: list[Difference]


class Restored(NamedTuple):
    """A backup that is live now, and the name under which the old data are kept ("": dropped)."""

    backup: Backup
    kept: str


def verify(store: Store, name: str, server: Server) -> Verified:
    """Restore a backup into a throw-away database, and compare that with the manifest.

    Raises RefusedError, and UserError where another run is at work.
    """
    backup = store.checked(name)
    with server.alone(), _copy(store, backup, server) as (_, differences):
        return Verified(backup, differences)


def restore(store: Store, name: str, server: Server, *, drop_old: bool = False) -> Restored:
    """Restore a backup beside the live database, compare it, and let the two change places.

    Raises RefusedError, and UserError where another run is at work or something is not as the manifest says.
    The live data are then as they were.
    """
    backup = store.checked(name)
    backup.manifest.refuse_for(server)
    with server.alone(), _copy(store, backup, server) as (copy, differences):
        if differences:
            raise FailedError(
                f"What was restored of {name} is not what its manifest says: "
                f"{'; '.join(map(str, differences[:3]))}. The live data are as they were.",
                ANOTHER,
            )
        with step(f"Putting it in the place of database {server.database}"):
            # To the millisecond: of two restores within a second each keeps the data that it found.
            old = server.swap(copy, f"{datetime.now(UTC):%Y%m%dt%H%M%S%f}"[:-3] + "z")
        if drop_old:
            with step(f"Dropping the old data, {old}"):
                server.drop(old)
        return Restored(backup, "" if drop_old else old)


@contextmanager
def _copy(store: Store, backup: Backup, server: Server) -> Iterator[tuple[str, list[Difference]]]:
    """Restore a backup beside the other databases; yield the name and how it differs from the manifest."""
    made = backup.manifest
    made.refuse_on(server)
    with server.throw_away() as copy:
        meter = store.meter(backup)
        with step(f"Restoring {made.name} beside the live data, as {copy}", meter):
            try:
                store.pour(backup, server, _RESTORE.format(copy), meter)
            except ShellError as error:
                again = f"Run this again; if it fails in the same way: {ANOTHER}"
                raise RefusedError(made.name, f"it cannot be restored ({error.said})", again) from None
            # What belongs to the database itself is not in an archive, nor are the planner's statistics.
            server.shell.sql("".join(_properties(copy, made.fingerprint)))
            server.shell.sql("ANALYZE;", copy)
        with step("Comparing rows, content, sequences and grants with the manifest"):
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
    """Say when the api is back on the database, or that it is not yet."""
    began = time.monotonic()
    while time.monotonic() - began < _RECONNECT_SECONDS:
        if server.connected():
            announce(f"    The api is connected again, {time.monotonic() - began:.1f} s later.")
            return
        time.sleep(0.2)
    announce(
        "    The api has not connected yet; if it should be running, python scripts/doctor.py tells why."
    )
