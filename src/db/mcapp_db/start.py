"""The container's program: it writes Patroni's configuration for this pod, then becomes Patroni."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from mcapp_db.renewed import CERTIFICATE

CONFIG = Path("/etc/mcapp/patroni/patroni.yaml")
# On scratch volumes of the pod: the data's volume holds the data only.
OWN_CONFIG = Path("/tmp/patroni.yaml")  # noqa: S108 - an emptyDir of this pod
CONFIG_DIR = Path("/var/run/postgresql/conf")

if __name__ == "__main__":
    CONFIG_DIR.mkdir(parents=True, exist_ok=True)
    (CONFIG_DIR / "pg_ident.conf").touch()
    OWN_CONFIG.write_text(os.path.expandvars(CONFIG.read_text()))
    if CERTIFICATE.exists():
        # It goes on beside Patroni, whose first process takes care of every child.
        subprocess.Popen([sys.executable, "-m", "mcapp_db.renewed"])
    os.execvp("patroni", ["patroni", str(OWN_CONFIG)])  # noqa: S606 - no shell; the image's PATH
