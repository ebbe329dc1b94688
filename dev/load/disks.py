"""The faults of the machine under a database on one node: its disk and its clock."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dev.kind import host
from dev.kind.docker import docker
from dev.kind.postgres import installation
from dev.kind.process import output
from dev.kind.release import Release
from dev.load.faults import accepts_again
from dev.load.round import Fault
from mcapp.errors import FailedError, UserError
from mcapp.wait import until

FREE_MIB = 160
HOLD_SECONDS = 10
NOTICED_SECONDS = 60
# As slow as a lab's worst memory card: a commit waits for the writes of all earlier ones.
WRITES_PER_SECOND = 12
JUMP_SECONDS = 3600
# Parts of the volume, as folders in it.
WHOLE, WAL = "", "pgdata/pg_wal"
_FAKETIME = "/var/lib/postgresql/data/faketime"

# Runs on the node. $1 is the folder that gets its own disk, with $2 MiB free beside its content.
_MOUNT = """set -eu; [ ! -e /var/mcapp-disk.img ]; held=$(du -sm $1)
truncate -s "$((${held%%[!0-9]*} + $2))M" /var/mcapp-disk.img
mkfs.ext4 -q -F -m 0 /var/mcapp-disk.img; mkdir -p /mnt/mcapp-disk
mount -o loop /var/mcapp-disk.img /mnt/mcapp-disk; rmdir /mnt/mcapp-disk/lost+found
cp -a $1/. /mnt/mcapp-disk/; chmod --reference=$1 /mnt/mcapp-disk; chown --reference=$1 /mnt/mcapp-disk
mount --bind /mnt/mcapp-disk $1"""
_UNMOUNT = """set -eu; umount $1; rm -f /mnt/mcapp-disk/filler
find $1 -mindepth 1 -delete; cp -a /mnt/mcapp-disk/. $1/; umount /mnt/mcapp-disk
rm -f /var/mcapp-disk.img"""
# dd leaves less than a block free; cat fills that too.
_FILL = """dd if=/dev/zero of=$1/filler bs=1M 2>/dev/null; cat /dev/zero >>$1/filler 2>/dev/null
sync $1/filler"""
_EMPTY = """rm $1/filler"""
# Each switch uses another segment: first the recycled ones, then new ones.
_SWITCH = """DO $$ BEGIN
  FOR number IN 1..500 LOOP
    PERFORM pg_logical_emit_message(false, 'filler', 'x');
    PERFORM pg_switch_wal();
  END LOOP;
END $$"""
# For cgroups version 1, else version 2. $2 is the limit in writes per second, 0 for none.
_THROTTLE = """set -eu; disk=$(mountpoint -d $1); pid=$(pgrep -xo postgres)
if group=$(grep :blkio: "/proc/$pid/cgroup"); then
  echo "$disk $2" >"/sys/fs/cgroup/blkio${group##*:}/blkio.throttle.write_iops_device"
else
  group=$(grep ^0: "/proc/$pid/cgroup"); [ "$2" = 0 ] && set -- "$1" max
  echo "$disk wiops=$2" >"/sys/fs/cgroup${group##*:}/io.max"
fi"""

# Runs in db's pod, and drops the extension that it needs afterwards.
_AMCHECK = """export PGUSER=postgres PGPASSWORD="$POSTGRES_PASSWORD"
pg_amcheck --install-missing --heapallindexed --all; found=$?
psql -qAtd postgres -c 'SELECT datname FROM pg_database WHERE datallowconn' | while read -r name; do
  psql -qd "$name" -c 'SET client_min_messages = warning; DROP EXTENSION IF EXISTS amcheck'
done
exit "$found"
"""


@contextmanager
def own_disk(release: Release, part: str = WHOLE) -> Iterator[None]:
    """Put a part of the volume on its own small disk; check at the end that no block is corrupt.

    Raises:
        UserError: a block is corrupt, or the database does not come back.

    """
    with _stopped(release):
        _on_node(release, _MOUNT, part, str(FREE_MIB))
    try:
        yield
        verify_pages(release)
    finally:
        with _stopped(release):
            verify_checksums(release)
            _on_node(release, _UNMOUNT, part)


@contextmanager
def filled(release: Release, part: str = WHOLE) -> Iterator[None]:
    """Fill the disk of a part of the volume to the last byte, and free it at the end."""
    _on_node(release, _FILL, part)
    try:
        yield
    finally:
        _on_node(release, _EMPTY, part)


@contextmanager
def _data_disk(release: Release) -> Iterator[None]:
    with own_disk(release):
        # New rows would otherwise use the space of deleted ones first.
        release.sql("VACUUM FULL app.tasks; VACUUM FULL app.idempotency_keys;")
        yield


@contextmanager
def _wal_disk(release: Release) -> Iterator[None]:
    with own_disk(release, WAL):
        yield


@contextmanager
def _fill(release: Release) -> Iterator[float]:
    began = datetime.now(UTC).isoformat(timespec="seconds")

    def noticed() -> bool:
        return "No space left on device" in release.kubectl("logs", "db-0", f"--since-time={began}")

    with filled(release):
        # Until a table or an index needs its next page, new rows fit into what it has.
        if not until(noticed, NOTICED_SECONDS):
            raise FailedError("The disk of the data did not fill.")
        time.sleep(HOLD_SECONDS)
    yield time.time()


@contextmanager
def _fill_wal(release: Release) -> Iterator[float]:
    with filled(release, WAL):
        began = time.monotonic()
        try:
            release.sql(_SWITCH)
        except UserError:
            # PostgreSQL panics when there is no segment left, and closes the connection.
            time.sleep(max(0.0, HOLD_SECONDS - (time.monotonic() - began)))
        else:
            raise FailedError("The disk of the WAL did not fill.")
        freed = time.time()
    yield accepts_again(release, freed)


@contextmanager
def _slow(release: Release) -> Iterator[float]:
    _on_node(release, _THROTTLE, WHOLE, str(WRITES_PER_SECOND))
    try:
        time.sleep(HOLD_SECONDS)
    finally:
        _on_node(release, _THROTTLE, WHOLE, "0")
    yield time.time()


@contextmanager
def _own_clock(release: Release) -> Iterator[None]:
    """Give the database the clock of a file, by libfaketime."""
    host.install(("libfaketime",))
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    node, folder = release.volume_place()
    docker("cp", str(library), f"{node}:{folder}/libfaketime.so.1")
    _set_clock(release, 0)
    fake = {
        "LD_PRELOAD": "/var/lib/postgresql/data/libfaketime.so.1",
        "FAKETIME_TIMESTAMP_FILE": _FAKETIME,
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    values = [
        word
        for number, (name, value) in enumerate(fake.items())
        for at in [f"db.extraEnv[{number}]"]
        for word in ("--set-string", f"{at}.name={name},{at}.value={value}")
    ]
    release.upgrade(flags=(*values, "--wait"))
    try:
        yield
        verify_pages(release)
    finally:
        release.helm("rollback", "--wait")
        release.wait()
        docker("exec", node, "rm", "-f", f"{folder}/libfaketime.so.1", f"{folder}/faketime")


@contextmanager
def _jump(release: Release) -> Iterator[float]:
    try:
        for seconds in (JUMP_SECONDS, -JUMP_SECONDS):
            _set_clock(release, seconds)
            time.sleep(HOLD_SECONDS / 2)
    finally:
        _set_clock(release, 0)
    yield time.time()


MACHINE_FAULTS = {
    "db's disk full": Fault(_fill, _data_disk),
    "db's disk for the WAL full": Fault(_fill_wal, _wal_disk),
    f"db's disk slow ({WRITES_PER_SECOND} writes/s)": Fault(_slow, _data_disk),
    "db's clock an hour on, then an hour back": Fault(_jump, _own_clock),
}


def verify_pages(release: Release) -> None:
    """Check every table and index with pg_amcheck.

    Raises:
        UserError: one is corrupt.

    """
    release.exec(release.database_pod(), "sh", "-c", _AMCHECK, container="postgres")


def verify_checksums(release: Release) -> None:
    """Check every block of a stopped server with pg_checksums.

    Raises:
        UserError: a block does not match its checksum.

    """
    node, folder = release.volume_place()
    with tempfile.TemporaryDirectory(prefix="mcapp-checksums-") as copy:
        docker("cp", f"{node}:{folder}/pgdata", copy)
        output([installation() / "bin" / "pg_checksums", "--check", "--pgdata", f"{copy}/pgdata"])


@contextmanager
def _stopped(release: Release) -> Iterator[None]:
    release.kubectl("scale", "statefulset/db", "--replicas=0")
    release.kubectl("wait", "--for=delete", "pod/db-0", "--timeout=90s")
    try:
        yield
    finally:
        release.kubectl("scale", "statefulset/db", "--replicas=1")
        release.wait()


def _set_clock(release: Release, seconds: int) -> None:
    node, folder = release.volume_place()
    # Written in place, because libfaketime reads the same file again.
    docker("exec", node, "sh", "-c", f'echo "{seconds:+d}" >"$1/faketime"', "-", folder)


def _on_node(release: Release, script: str, part: str, *arguments: str) -> None:
    node, folder = release.volume_place()
    docker("exec", node, "sh", "-c", script, "-", f"{folder}/{part}".rstrip("/"), *arguments)
