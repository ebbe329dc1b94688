"""PostgreSQL's programs from the wheel, and a folder that all servers of a process share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from dev.kind.postgres import installation

# PostgreSQL refuses to run as root; this is `nobody`.
UNPRIVILEGED = 65534


@cache
def programs() -> Path:
    """Return bin/ of the installation, or of a copy where an unprivileged user cannot read root's cache."""
    tree = installation()
    if os.geteuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in tree.parents):
        copy = shared_folder() / "installation"
        shutil.copytree(tree, copy, symlinks=True)
        tree = copy
    return tree / "bin"


def libraries() -> dict[str, str]:
    """Return the variable by which the part of a server that receives WAL, loaded later, finds libpq."""
    return {"LD_LIBRARY_PATH": str(programs().with_name("lib"))}


@cache
def shared_folder() -> Path:
    """Return a folder of this process, deleted at its end."""
    folder = Path(tempfile.mkdtemp(prefix="mcapp-pg-shared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if os.geteuid() == 0:
        os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
    return folder
