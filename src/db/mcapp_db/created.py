"""Patroni calls this once, when it has made a new database (`post_bootstrap`)."""

from __future__ import annotations

import os
from pathlib import Path

from mcapp_db import accounts

if __name__ == "__main__":
    accounts.ensure()
    # Patroni's own files are elsewhere. With these two, mode standalone can serve a copy of the data.
    data = Path(os.environ["PGDATA"])
    with (data / "pg_hba.conf").open("a") as file:
        file.write("\nhost all all all scram-sha-256\n")
    with (data / "postgresql.conf").open("a") as file:
        file.write("\nlisten_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n")
