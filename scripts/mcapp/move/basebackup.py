"""Copies a server's files from its pod into another pod."""

from __future__ import annotations

import os
import threading

from mcapp.backup.shell import PodShell, Shell, ShellError
from mcapp.progress import Meter

_BASEBACKUP = "pg_basebackup --no-password --pgdata=- --format=tar --wal-method=fetch --checkpoint=fast"
# Even if tar fails, all of its input is read: kubectl exec would wait forever for that.
_UNPACK = 'code=0; tar --extract --directory="$PGDATA.copy" || code=$?; cat >/dev/null; exit $code'


def prepare(there: PodShell) -> None:
    """Make an empty folder for the copy; what an earlier run left is deleted."""
    there.run('pg_ctl --pgdata="$PGDATA" --silent --mode=immediate stop >/dev/null 2>&1 || true')
    there.run('rm -rf "$PGDATA" "$PGDATA.copy"; mkdir -m 700 "$PGDATA.copy"')


def stream(source: Shell, there: PodShell, meter: Meter) -> None:
    """Stream the server's files into the folder. ShellError if either end fails."""
    readable, writable = os.pipe()
    failed: list[ShellError] = []

    def send() -> None:
        try:
            with os.fdopen(writable, "wb") as pipe:
                source.stream(_BASEBACKUP, pipe, meter)
        except ShellError as error:
            failed.append(error)
        except BrokenPipeError:
            # The other end has failed, and raises its own error.
            return

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    try:
        with os.fdopen(readable, "rb") as pipe:
            there.run(_UNPACK, stdin=pipe)
    finally:
        sending.join()
        if failed:
            # This is the cause; the other end only sees a stream that was cut off.
            raise failed[0]


def check(there: PodShell) -> None:
    """Compare each file with the checksum that came along, and give the folder its name."""
    there.run('pg_verifybackup --quiet --exit-on-error "$PGDATA.copy"; mv "$PGDATA.copy" "$PGDATA"; sync')
