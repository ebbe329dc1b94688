"""Patroni calls this when PostgreSQL has started here, or has another role: it sets up a primary."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence

import psycopg
import yaml

from mcapp_db import accounts, members
from mcapp_db.serve import OWN_CONFIG

WAIT_SECONDS = 60


def main(arguments: Sequence[str]) -> None:
    """Set up the roles and the settings that all members share; `arguments` are event, role, scope."""
    if arguments[1] != "primary":
        return
    # Patroni calls only once, and before a promotion is complete: until then the server is read-only.
    until = time.monotonic() + WAIT_SECONDS
    while not _done():
        if time.monotonic() > until:
            raise SystemExit(f"Not within {WAIT_SECONDS} s: a primary's roles and settings.")
        time.sleep(1)


def _done() -> bool:
    try:
        accounts.ensure()
        # Patroni reads these from its own file only when the cluster is new.
        shared = yaml.safe_load(OWN_CONFIG.read_text())["bootstrap"]["dcs"]
        members.send("PATCH", os.environ["POD_IP"], "config", shared)
    except (psycopg.Error, subprocess.CalledProcessError, OSError) as error:
        print(f"Not yet: {error}", flush=True)
        return False
    return True
