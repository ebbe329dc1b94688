"""The checksums of everything in a folder, as `sha256sum --check` reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mcapp.errors import UserError

SUMS = "SHA256SUMS"


def write(folder: Path) -> None:
    """Write SHA256SUMS over every file below a folder, but for itself."""
    lines = [f"{digest(path)}  {path.relative_to(folder)}\n" for path in _files(folder)]
    Path(folder, SUMS).write_text("".join(lines))


def check(folder: Path) -> None:
    """Hold every file against SHA256SUMS.

    Raises:
        UserError: the file is not there, or a file is missing, changed, or not in it.

    """
    if not Path(folder, SUMS).exists():
        raise UserError(f"{folder} has no {SUMS}.", "Run `make dist`.")
    listed = dict(line.split("  ", 1)[::-1] for line in Path(folder, SUMS).read_text().splitlines())
    there = {str(path.relative_to(folder)): path for path in _files(folder)}
    wrong = [name for name in listed | there if name not in there or digest(there[name]) != listed.get(name)]
    if wrong:
        raise UserError(
            f"{folder} is not as `make dist` left it: {', '.join(sorted(wrong))}.", "Make it anew."
        )


def of(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def digest(path: Path) -> str:
    """Return a file's SHA-256, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
