"""TLS for a test's PostgreSQL: a CA made by openssl, and stunnel in front of the server.

The wheel's PostgreSQL is built without TLS. stunnel speaks PostgreSQL's start of TLS (protocol = pgsql), so
that a client sees the same as from a server with TLS.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from ipaddress import ip_address
from pathlib import Path

from dev.local.ports import free_port

_START_SECONDS = 20.0
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """A CA that is valid for a day, or one given as PEM. The file of its certificate is `certificate`."""

    def __init__(self, folder: Path, given: tuple[bytes, bytes] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.certificate, self._key = folder / "ca.crt", folder / "ca.key"
        if given:
            self.certificate.write_bytes(given[0])
            self._key.write_bytes(given[1])
            return
        out = ("-keyout", str(self._key), "-out", str(self.certificate))
        _openssl("req", "-x509", *_CURVE, "-days", "1", "-subj", "/CN=CA of a test", *out)

    def issue(self, *names: str, days: int = 1) -> Path:
        """Return a PEM file with a key and a certificate for these names and addresses; it may have ended."""
        request, made, both = (self._folder / f"{names[0]}.{end}" for end in ("csr", "crt", "pem"))
        key, extensions = self._folder / f"{names[0]}.key", self._folder / f"{names[0]}.ext"
        extensions.write_text("subjectAltName=" + ",".join(f"{_kind(name)}:{name}" for name in names))
        _openssl("req", *_CURVE, "-subj", "/CN=server", "-keyout", str(key), "-out", str(request))
        signed = (
            "-CA",
            str(self.certificate),
            "-CAkey",
            str(self._key),
            "-CAcreateserial",
            "-days",
            str(days),
        )
        files = ("-in", str(request), "-extfile", str(extensions), "-out", str(made))
        _openssl("x509", "-req", *signed, *files)
        both.write_text(key.read_text() + made.read_text())
        return both


def server_settings(pem: Path, user: int) -> dict[str, str]:
    """Return PostgreSQL's settings for such a file, and give it to its user: it takes no key of others."""
    if os.geteuid() == 0:
        os.chown(pem, user, user)
    pem.chmod(0o600)
    return {"ssl": "on", "ssl_cert_file": str(pem), "ssl_key_file": str(pem)}


def _kind(name: str) -> str:
    try:
        ip_address(name)
    except ValueError:
        return "DNS"
    return "IP"


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


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
