"""A CA of a moment, by openssl: certificates for a PostgreSQL of a test or a bench."""

from __future__ import annotations

import os
import subprocess
from ipaddress import ip_address
from pathlib import Path

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
