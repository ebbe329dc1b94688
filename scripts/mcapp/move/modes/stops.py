"""Stops the writes of a server for a moment, and finds the same moment in its copies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from mcapp.backup.fingerprint import BEGIN, Fingerprint
from mcapp.backup.server import Server
from mcapp.errors import FailedError
from mcapp.move import words as move_words
from mcapp.move import writes
from mcapp.move.modes import words
from mcapp.wait import until

_SETTLE_SECONDS = 20.0
_REPLAY_SECONDS = 15
# In one call, since each takes a third of a second. The setting reaches a session between two statements, and
# does not concern a transaction that has begun: those are ended. The last lines are the place in WAL behind a
# commit, and its timeline. All earlier commits are on the disk. (What pg_current_wal_insert_lsn() tells may
# be reached by none.)
_STOP = """
ALTER SYSTEM SET default_transaction_read_only = on;
DO 'BEGIN PERFORM pg_reload_conf(), pg_sleep(0.2); END';
SHOW default_transaction_read_only;
DO $$ BEGIN
  PERFORM pg_terminate_backend(pid, 2000) FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND xact_start IS NOT NULL AND pid <> pg_backend_pid();
END $$;
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND backend_xid IS NOT NULL AND pid <> pg_backend_pid();
SET default_transaction_read_only = off;
SET synchronous_commit = local;
DO $$ BEGIN PERFORM pg_logical_emit_message(true, 'mcapp', ''); END $$;
SELECT pg_current_wal_flush_lsn();
SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8);
"""
_REPLAYED = """
DO $$
DECLARE
  ends timestamptz := clock_timestamp() + interval '{seconds} s';
BEGIN
  WHILE pg_last_wal_replay_lsn() < '{lsn}' AND clock_timestamp() < ends LOOP
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
"""
# They connect again, where the Service then sends them.
END_CLIENTS = """
DO $$ BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_backend_pid();
END $$;
"""
# WAL of another timeline may be as long, and be other writes.
_HAS = """
SELECT pg_last_wal_replay_lsn() >= '{lsn}' AND EXISTS (
  SELECT FROM pg_stat_wal_receiver
  WHERE status = 'streaming' AND lpad(upper(to_hex(received_tli)), 8, '0') = '{timeline}'
);
"""
_EXPORT = "SELECT pg_export_snapshot();"
# What the copy has replayed is seen by the snapshot that is taken then.
_EXPORT_COPY = "SELECT CASE WHEN pg_last_wal_replay_lsn() >= '{lsn}' THEN pg_export_snapshot() ELSE '-' END;"


class Place(NamedTuple):
    """A place in the WAL of a timeline."""

    lsn: str
    timeline: str


class Seen(NamedTuple):
    """A snapshot of each that sees the same writes, and for how long writes were stopped for it."""

    source: str
    copy: str
    seconds: float


def is_copy(server: Server) -> bool:
    """Whether a server still follows another one."""
    return server.shell.sql("SELECT pg_is_in_recovery();") == ["t"]


def stop(server: Server) -> Place:
    """Let a server refuse writes; return the place in its WAL that has all of them.

    Raises FailedError if it goes on taking them.
    """
    said: list[str] = []

    def refuses() -> bool:
        said[:] = server.shell.sql(_STOP)
        return said[:2] == ["on", "0"]

    if not until(refuses, _SETTLE_SECONDS):
        raise FailedError(move_words.STILL_WRITING())
    return Place(said[2], said[3])


def await_all(copies: list[Server], place: Place) -> None:
    """Wait until each copy has the writes up to this place. FailedError if one does not get them."""
    statements = (_REPLAYED + _HAS).format(lsn=place.lsn, timeline=place.timeline, seconds=_REPLAY_SECONDS)
    with ThreadPoolExecutor(len(copies)) as pool:
        found = list(pool.map(lambda copy: copy.shell.sql(statements), copies))
    if any(one != ["t"] for one in found):
        raise FailedError(words.BEHIND(), words.BEHIND_REMEDY())


@contextmanager
def same_moment(source: Server, copy: Server) -> Iterator[Seen]:
    """Yield a snapshot of each that sees the same writes; writes go on when both are taken.

    The source's is held as long as the copy's, so that no VACUUM takes away what the copy still reads.
    """
    began = time.time()
    with ExitStack() as held:
        try:
            lsn = stop(source).lsn
            mine = held.enter_context(source.shell.session(BEGIN + _EXPORT, source.database))
            wait = _REPLAYED.format(lsn=lsn, seconds=_REPLAY_SECONDS)
            export = wait + BEGIN + _EXPORT_COPY.format(lsn=lsn)
            theirs = held.enter_context(copy.shell.session(export, copy.database))
            if theirs == "-":
                raise FailedError(words.BEHIND(), words.BEHIND_REMEDY())
        finally:
            writes.allow(source)
        yield Seen(mine, theirs, round(time.time() - began, 1))


def differences(source: Fingerprint, copy: Fingerprint) -> list[str]:
    """Return in words what the two do not share.

    Not the next values of sequences: they belong to no snapshot, and a copy's run ahead by what WAL reserves.
    """
    expected, found = (
        Fingerprint({**one.document, "sequences": without_next(one)}) for one in (source, copy)
    )
    return [str(one) for one in expected.differences(found)]


def without_next(of: Fingerprint) -> dict[str, Any]:
    """Return the sequences without their next values."""
    found: dict[str, dict[str, Any]] = of.document["sequences"]
    return {name: {key: one[key] for key in one if key != "next"} for name, one in found.items()}
