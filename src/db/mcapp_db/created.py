"""Called by Patroni once, when it has made a new database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mcapp_db import accounts


def main(_arguments: Sequence[str]) -> None:
    """Fill it as PostgreSQL's own image does, and leave the settings by which standalone would serve it."""
    accounts.ensure()
    data = Path(os.environ["PGDATA"])
    with (data / "pg_hba.conf").open("a") as file:
        file.write("\nhost all all all scram-sha-256\n")
    with (data / "postgresql.conf").open("a") as file:
        # The socket's folder is Debian's, which not every build of PostgreSQL has built in.
        file.write("\nlisten_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n")
