"""Copies an archive to another machine: it goes on where an earlier copy ended, and is verified there."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from mcapp.errors import FailedError
from mcapp.images import words
from mcapp.images.archive import CHUNK, Archive
from mcapp.images.machine import Done, Machine, failed
from mcapp.messages import announce
from mcapp.progress import Meter, step

# $1 is the archive's SHA-256 in hex, after which both files are named.
_FOLDER = """
LC_ALL=C; export LC_ALL
umask 077
folder="${XDG_CACHE_HOME:-$HOME/.cache}/mcapp/images"
mkdir -p "$folder" && cd "$folder" || exit 1
"""
_PREPARE = (
    _FOLDER
    + """
echo "mcapp:folder $folder"
for kind in tar part; do
  [ ! -f "$1.$kind" ] || echo "mcapp:$kind $(wc -c <"$1.$kind") $(sha256sum <"$1.$kind")"
done
df -P -k . | while read -r _ _ _ free _; do echo "mcapp:free $free"; done
"""
)
_APPEND = _FOLDER + 'cat >>"$1.part"\n'
_FINISH = (
    _FOLDER
    + """
sum=$(sha256sum <"$1.part") || exit 1
if [ "${sum%% *}" != "$1" ]; then rm -f "$1.part"; exit 44; fi
mv -f "$1.part" "$1.tar"
"""
)
_OTHER_DIGEST = 44
_REMOVE = _FOLDER + 'rm -f "$1.part" "$1.tar"\n'


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy on another machine: its path there, its SHA-256 in hex, and how many bytes this run sent."""

    file: str
    digest: str
    sent: int


@dataclass(frozen=True, slots=True)
class _There:
    """What a machine has: the folder, free bytes in it, and size and SHA-256 of the part and of the whole."""

    folder: str
    free: int | None
    part: tuple[int, str] | None
    whole: tuple[int, str] | None


def copy(archive: Archive, machine: Machine) -> Copied:
    """Copy the archive to the machine's cache folder, what is missing of it.

    Raises UnreachableError where the connection breaks, and FailedError where the disk is full there or the
    copy has another digest.
    """
    digest = archive.sha256()
    there = _look(machine, digest)
    file = f"{there.folder}/{digest}.tar"
    if there.whole and there.whole[1] == digest:
        return Copied(file, digest, 0)
    start = there.part[0] if there.part else 0
    if there.whole or (there.part and not _begins(archive, *there.part)):
        announce(words.DAMAGED(machine=machine.name))
        remove(machine, digest)
        start = 0
    if there.free is not None and there.free < archive.size - start:
        free, wanted = f"{there.free / 1e6:.0f}", f"{(archive.size - start) / 1e6:.0f}"
        problem = words.NO_ROOM(machine=machine.name, folder=there.folder, free=free, wanted=wanted)
        raise FailedError(problem, words.DISK_FULL_REMEDY())
    _send(archive, machine, digest, start)
    _verify(machine, digest)
    return Copied(file, digest, archive.size - start)


def remove(machine: Machine, digest: str) -> None:
    """Remove the copy of the archive with this SHA-256, and what is there of one."""
    _must(machine, _REMOVE, digest)


def _begins(archive: Archive, size: int, digest: str) -> bool:
    """Tell whether a part of this size and digest is the beginning of the archive."""
    return size <= archive.size and archive.sha256(size) == digest


def _look(machine: Machine, digest: str) -> _There:
    out = _must(machine, _PREPARE, digest).out
    folder = re.search("^mcapp:folder (.+)$", out, re.MULTILINE)
    # The first line of df is a head.
    free = re.findall(r"^mcapp:free (\d+)$", out, re.MULTILINE)
    found = re.findall(r"^mcapp:(tar|part) +(\d+) ([0-9a-f]{64})", out, re.MULTILINE)
    files = {kind: (int(size), sha256) for kind, size, sha256 in found}
    if not folder:
        raise FailedError(words.SCRIPT_FAILED(machine=machine.name, why=words.NO_SHELL()))
    return _There(folder[1], int(free[-1]) * 1024 if free else None, files.get("part"), files.get("tar"))


def _send(archive: Archive, machine: Machine, digest: str, start: int) -> None:
    """Send the archive from this byte on."""
    meter = Meter(archive.size)
    meter.add(start)
    what = words.GOING_ON if start else words.COPYING
    with step(what(file=str(archive.path), machine=machine.name), meter), archive.path.open("rb") as file:
        file.seek(start)
        with machine.start(_APPEND, digest) as process:
            # A reader that is gone says why by itself.
            with suppress(BrokenPipeError):
                while process.stdin and (chunk := file.read(CHUNK)):
                    process.stdin.write(chunk)
                    meter.add(len(chunk))
            out, err = process.communicate()
        done = Done(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
        _check(machine, done)


def _verify(machine: Machine, digest: str) -> None:
    """Give the copy its name, if it is whole. FailedError if its digest is another."""
    with step(words.VERIFYING(machine=machine.name)):
        done = machine.run(_FINISH, digest)
        if done.code == _OTHER_DIGEST:
            raise FailedError(words.OTHER_DIGEST(machine=machine.name), words.AGAIN())
        _check(machine, done)


def _must(machine: Machine, script: str, digest: str) -> Done:
    return _check(machine, machine.run(script, digest))


def _check(machine: Machine, done: Done) -> Done:
    """Return what a script did. UnreachableError or FailedError if it failed."""
    if error := machine.failure(done):
        raise error
    if done.code:
        raise failed(machine, done)
    return done
