"""Gives every timeline a number of its own, which PostgreSQL cannot: it takes the next that it has not seen.

A member that is lost in the moment of its promotion has told nobody of its timeline. The next leader would
take the same number, and the first one, once it is back, could not tell that its WAL is another: it would
follow with data that nobody else has, or stop where the two differ. Under another number it is rewound.
"""

from __future__ import annotations

import os
import urllib.error
from pathlib import Path

from mcapp_db import kube

TAKEN = "mcapp/timeline"
# Less than what the lease leaves.
TIMEOUT_SECONDS = 2
TRIES = 3
# PostgreSQL reads the history of the timelines that it follows only, and passes over the number of any other.
_MARK = "the number is another member's"


def claim(data: Path) -> None:
    """Before a promotion: note the new timeline's number, and let PostgreSQL pass over those that are taken.

    `data` is PostgreSQL's own directory. Where that fails, the number is the next one that is not seen here.
    """
    here = _newest(data)
    try:
        number = _next(here)
        for other in range(here + 1, number):
            _write(_file(data, other), f"{here}\t0/0\t{_MARK}\n")
    except (OSError, ValueError) as error:
        # Writes wait for a leader.
        print(f"No number of its own for the timeline: {error}", flush=True)


def tidy(data: Path) -> None:
    """Before PostgreSQL starts: take away the marks of a promotion that did not happen in the end."""
    while (newest := _newest(data)) > 1 and _MARK in _file(data, newest).read_text():
        _file(data, newest).unlink()


def _next(here: int) -> int:
    """Note and return the number after this one that nobody else has taken."""
    path, me = f"api/v1:configmaps/{os.environ['MCAPP_SCOPE']}-config", os.environ["POD_NAME"]
    for _ in range(TRIES):
        metadata = kube.call("GET", path, timeout=TIMEOUT_SECONDS)["metadata"]
        noted = metadata.get("annotations", {}).get(TAKEN, f"0 {me}")
        taken, _, whose = noted.partition(" ")
        if whose == me and int(taken) > here:
            # A promotion of this member that did not happen.
            return int(taken)
        number = max(here, int(taken)) + 1
        change = {"resourceVersion": metadata["resourceVersion"], "annotations": {TAKEN: f"{number} {me}"}}
        try:
            kube.call("PATCH", path, {"metadata": change}, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as error:
            # Somebody has written meanwhile, if perhaps something else.
            if error.code != 409:
                raise
        else:
            return number
    raise OSError(f"{path} changes all the time")


def _newest(data: Path) -> int:
    return max((int(file.stem, 16) for file in data.glob("pg_wal/*.history")), default=1)


def _file(data: Path, number: int) -> Path:
    return data / "pg_wal" / f"{number:08X}.history"


def _write(file: Path, text: str) -> None:
    # Lost in the machine's next crash, it would be missed by every replica.
    with file.open("w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
