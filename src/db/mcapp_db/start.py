"""The container's program: it writes Patroni's configuration for this pod, then becomes Patroni."""

from __future__ import annotations

import os
from pathlib import Path

CONFIG = Path("/etc/mcapp/patroni/patroni.yaml")
# On scratch volumes of the pod: the data's volume holds the data only.
OWN_CONFIG = Path("/tmp/patroni.yaml")  # noqa: S108 - an emptyDir of this pod
CONFIG_DIR = Path("/var/run/postgresql/conf")

if __name__ == "__main__":
    CONFIG_DIR.mkdir(parents=True, exist_ok=True)
    (CONFIG_DIR / "pg_ident.conf").touch()
    OWN_CONFIG.write_text(os.path.expandvars(CONFIG.read_text()))
    os.execvp("patroni", ["patroni", str(OWN_CONFIG)])  # noqa: S606 - no shell; the image's PATH
