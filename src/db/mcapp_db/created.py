"""Patroni calls this once, when it has made a new database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mcapp_db import accounts


def main(_arguments: Sequence[str]) -> None:
    """Fill it as PostgreSQL's own image does, and add the settings that mode standalone needs to serve it."""
    accounts.ensure()
    data = Path(os.environ["PGDATA"])
    with (data / "pg_hba.conf").open("a") as file:
        file.write("\nhost all all all scram-sha-256\n")
    with (data / "postgresql.conf").open("a") as file:
        # The socket's folder is Debian's; not every build of PostgreSQL uses it by default.
        file.write("\nlisten_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n")
