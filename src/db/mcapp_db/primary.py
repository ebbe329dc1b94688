"""Patroni calls this when PostgreSQL has started here, or has another role: event, role, scope."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import psycopg
import yaml

from mcapp_db import accounts
from mcapp_db.start import OWN_CONFIG

TRIES = 60


def set_up() -> None:
    """Set up the roles, and the settings of all members: Patroni reads them from its file only once."""
    accounts.ensure()
    shared = yaml.safe_load(OWN_CONFIG.read_text())["bootstrap"]["dcs"]
    shared.pop("standby_cluster", None)  # A move to mode ha has ended it, but an older pod's file has it.
    edit = ("patronictl", "--config-file", str(OWN_CONFIG), "edit-config", "--force", "--apply", "-")
    subprocess.run(edit, input=json.dumps(shared).encode(), stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__" and sys.argv[2] == "primary":
    # Patroni calls only once, and before a promotion is complete: until then the server is read-only.
    for _ in range(TRIES):
        try:
            set_up()
        except (psycopg.Error, subprocess.CalledProcessError, OSError) as error:
            print(f"Not yet: {error}", flush=True)
            time.sleep(1)
        else:
            sys.exit()
    sys.exit("Not done: a primary's roles and settings.")
