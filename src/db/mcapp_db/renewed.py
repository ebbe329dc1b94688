"""Lets Patroni and PostgreSQL read a renewed certificate: they read one only when they are told to."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

CERTIFICATE = Path("/etc/mcapp/db-tls/tls.crt")
# A changed Secret takes the kubelet a minute, and a certificate is renewed weeks before its end.
PAUSE_SECONDS = 10.0


def watch(certificate: Path, process: int) -> None:
    """Send a process SIGHUP at each change of the file, until the process is gone."""
    known = certificate.read_bytes()
    while True:
        time.sleep(PAUSE_SECONDS)
        if (now := certificate.read_bytes()) != known:
            try:
                os.kill(process, signal.SIGHUP)
            except ProcessLookupError:
                return
            known = now


if __name__ == "__main__":
    watch(CERTIFICATE, os.getppid())
