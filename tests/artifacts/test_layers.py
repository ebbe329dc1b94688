"""A layer written again from the same files has the same bytes, and keeps what a program needs."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from dev.kind.images.layers import GZIP, ZSTD, Layer, compressed

EPOCH = 1_700_000_000
CAPABILITY = "SCHILY.xattr.security.capability"


def tar(made_at: float, user: str, log: str) -> io.BytesIO:
    """Return the layer of a package that was installed then, by this user."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content, mtime in (
            ("usr/bin/tool", b"\x7fELF", made_at),
            ("usr/lib/old.py", b"pass", EPOCH - 99),
            ("var/log/apt/history.log", log.encode(), made_at),
            ("var/log/.wh.gone.log", b"", made_at),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.uname = len(content), mtime, user
            entry.mode = 0o4755 if name.endswith("tool") else 0o644
            entry.pax_headers = {CAPABILITY: "cap", "atime": str(made_at)} if name.endswith("tool") else {}
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("usr/bin/again")
        link.type, link.linkname, link.mtime = tarfile.LNKTYPE, "usr/bin/tool", made_at
        archive.addfile(link)
    packed.seek(0)
    return packed


def members(folder: Path, layer: Layer) -> dict[str, tarfile.TarInfo]:
    plain = subprocess.run(
        ["zstd", "-dc", folder / layer.digest], check=True, capture_output=True, timeout=30
    ).stdout
    assert layer.size == (folder / layer.digest).stat().st_size
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return {entry.name: entry for entry in archive}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    today = compressed(tar(EPOCH + 10.5, "root", "today"), tmp_path, ZSTD, EPOCH)
    later = compressed(tar(EPOCH + 86_400, "builder", "tomorrow"), tmp_path, ZSTD, EPOCH)
    assert today == later
    assert compressed(tar(EPOCH + 1, "a", "b"), tmp_path, GZIP, EPOCH) == compressed(
        tar(EPOCH + 2, "c", "d"), tmp_path, GZIP, EPOCH
    )
    as_it_is = [compressed(tar(EPOCH + more, "root", "a"), tmp_path, ZSTD, None).digest for more in (1, 2)]
    assert len({*as_it_is, today.digest}) == 3


def test_what_a_program_needs_is_kept(tmp_path: Path) -> None:
    made = members(tmp_path, compressed(tar(EPOCH + 10.5, "root", "today"), tmp_path, ZSTD, EPOCH))
    assert set(made) == {"usr/bin/tool", "usr/lib/old.py", "var/log/.wh.gone.log", "usr/bin/again"}
    tool = made["usr/bin/tool"]
    assert (tool.mode, tool.mtime, tool.pax_headers.get(CAPABILITY)) == (0o4755, EPOCH, "cap")
    assert made["usr/lib/old.py"].mtime == EPOCH - 99, "a compiled file names the time of its source"
    assert made["usr/bin/again"].islnk()
