"""A layer of an image, written so that building it again from the same sources gives the same bytes."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

CHUNK = 2**20


@dataclass(frozen=True)
class Compressor:
    """A program that compresses what it reads, and the media type of a layer that it wrote."""

    words: tuple[str, ...]
    media_type: str


_TAR = "application/vnd.oci.image.layer.v1.tar"
# Quick to write, and read as quickly as if it were not compressed.
ZSTD = Compressor(("zstd", "-3", "--threads=0", "--quiet", "--stdout"), f"{_TAR}+zstd")
# What every engine reads: Docker takes the other from version 23 on, and Debian 12 has 20.10.
GZIP = Compressor(("gzip", "--no-name", "--stdout", "-9"), f"{_TAR}+gzip")
# What only says when and how the packages were installed.
_DROPPED = re.compile(
    r"(\./)?(var/log/.|var/cache/(apt|debconf|ldconfig)/.|var/lib/apt/(lists|extended_states)"
    r"|var/lib/dpkg/.*-old$|etc/.*-$|root/\.cache|tmp/.|var/tmp/.|run/.)"
)
_XATTR = "SCHILY.xattr."


@dataclass(frozen=True)
class Layer:
    """A compressed layer: what names it compressed and not (sha256), and its size in bytes."""

    digest: str
    diff_id: str
    size: int


class _Counted:
    """A stream that is written on, and digested as it is."""

    def __init__(self, target: IO[bytes]) -> None:
        self.digest = hashlib.sha256()
        self._target = target

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return self._target.write(content)


def compressed(source: IO[bytes], folder: Path, by: Compressor, epoch: int | None) -> Layer:
    """Write a layer into a folder, under its digest, compressed.

    With an `epoch`, in seconds, nothing in it is later than that, and what packages leave behind is dropped.

    Raises:
        CalledProcessError: the compressor failed.

    """
    made = folder / "layer"
    with made.open("wb") as file, subprocess.Popen(by.words, stdin=subprocess.PIPE, stdout=file) as running:
        if not running.stdin:
            raise subprocess.CalledProcessError(1, by.words)
        counted = _Counted(running.stdin)
        if epoch is None:
            while chunk := source.read(CHUNK):
                counted.write(chunk)
        else:
            _clamp(source, counted, epoch)
        running.stdin.close()
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, by.words)
    with made.open("rb") as written:
        found = hashlib.file_digest(written, "sha256").hexdigest()
    size = made.stat().st_size
    made.rename(folder / found)
    return Layer(found, counted.digest.hexdigest(), size)


def _clamp(source: IO[bytes], target: _Counted, epoch: int) -> None:
    reader: Any = source
    writer: BinaryIO = target  # type: ignore[assignment]
    with (
        tarfile.open(fileobj=reader, mode="r|") as archive,
        tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as clamped,
    ):
        for member in archive:
            if _DROPPED.match(member.name) and "/.wh." not in member.name:
                continue
            member.mtime = min(int(member.mtime), epoch)
            member.uname = member.gname = ""
            headers = member.pax_headers.items()
            member.pax_headers = {key: value for key, value in headers if key.startswith(_XATTR)}
            clamped.addfile(member, archive.extractfile(member) if member.isreg() else None)
