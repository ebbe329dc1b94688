"""stunnel in front of a test's PostgreSQL, at an address that a cluster reaches and can be cut off from.

It speaks PostgreSQL's start of TLS (protocol = pgsql), so that a client sees a server with TLS.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from pathlib import Path

from dev.local.ports import free_port

_START_SECONDS = 20.0


class Front:
    """stunnel on a free port of `address`: it decrypts, and passes on to a server on 127.0.0.1.

    A context manager. `stop` cuts the clients off, `start` lets them in again on the same port.
    """

    def __init__(self, server_port: int, pem: Path, address: str = "127.0.0.1") -> None:
        self.address, self.port = address, free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="mcapp-tls-")
        self._configuration = Path(self._folder.name) / "stunnel.conf"
        self._configuration.write_text(
            f"foreground = yes\npid =\nsyslog = no\ndebug = warning\n[pg]\naccept = {address}:{self.port}\n"
            f"connect = 127.0.0.1:{server_port}\nprotocol = pgsql\ncert = {pem}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Front:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Start stunnel, and return when it listens."""
        command = ["stunnel", str(self._configuration)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection((self.address, self.port), 1).close()
            except OSError:
                assert self._process.poll() is None, self._configuration.read_text()
                assert time.monotonic() < until
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
