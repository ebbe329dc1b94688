"""Gives every timeline a number of its own. PostgreSQL cannot: it takes the next number that it has not seen.

A member that is lost in the moment of its promotion has announced its timeline to no other member. The next
leader would take the same number. The lost member, once it is back, could not notice that its WAL differs: it
would follow with data that no other member has, or stop where the two differ. With another number, Patroni
rewinds it.
"""

from __future__ import annotations

import os
import urllib.error
from pathlib import Path

from mcapp_db import kube

TAKEN = "mcapp/timeline"
# Less than the rest of the leader's lease.
TIMEOUT_SECONDS = 2
TRIES = 3
# PostgreSQL reads the history files of the timelines that it follows only, and skips the number of any other.
_MARK = "the number is another member's"


def claim(data: Path) -> None:
    """Before a promotion: claim the new timeline's number, and make PostgreSQL skip the taken ones.

    `data` is PostgreSQL's data directory. Where the claim fails, PostgreSQL takes the next number that it has
    not seen.
    """
    here = _newest(data)
    try:
        number = _next(here)
        for other in range(here + 1, number):
            _write(_file(data, other), f"{here}\t0/0\t{_MARK}\n")
    except (OSError, ValueError) as error:
        # Go on: writes wait for a leader.
        print(f"No number of its own for the timeline: {error}", flush=True)


def tidy(data: Path) -> None:
    """Before PostgreSQL starts: remove the marks of a promotion that did not happen."""
    while (newest := _newest(data)) > 1 and _MARK in _file(data, newest).read_text():
        _file(data, newest).unlink()


def _next(here: int) -> int:
    """Claim and return the first number after `here` that no other member has taken."""
    path, me = f"api/v1:configmaps/{os.environ['MCAPP_SCOPE']}-config", os.environ["POD_NAME"]
    for _ in range(TRIES):
        metadata = kube.call("GET", path, timeout=TIMEOUT_SECONDS)["metadata"]
        noted = metadata.get("annotations", {}).get(TAKEN, f"0 {me}")
        taken, _, whose = noted.partition(" ")
        if whose == me and int(taken) > here:
            # This member claimed it for a promotion that did not happen.
            return int(taken)
        number = max(here, int(taken)) + 1
        change = {"resourceVersion": metadata["resourceVersion"], "annotations": {TAKEN: f"{number} {me}"}}
        try:
            kube.call("PATCH", path, {"metadata": change}, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as error:
            # Another client has changed the object meanwhile, perhaps another part of it.
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
    # Every replica needs the file, so that a crash of the machine must not lose it.
    with file.open("w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
