"""One server on a volume at a time.

A pod that is deleted with no grace is replaced while its containers still shut down, and PostgreSQL's own
lock file tells nothing across containers: both would write, and the old one would take the new one's file
with it.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

LOCK = ".mcapp-lock"


def hold(folder: Path) -> None:
    """Wait until no other container uses the volume, and hold it as long as this process and its children."""
    # It is never closed: the kernel does it.
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    os.set_inheritable(descriptor, True)
    told = False
    while not _taken(descriptor):
        if not told:
            print("Waiting for the container that still uses the volume to end.", flush=True)
            told = True
        time.sleep(0.1)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
