"""Faults of the certificate of db. The kubelet takes a minute or more to bring each change to the pods."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.local.authority import Authority
from mcapp import wait
from mcapp.errors import UserError
from tests.e2e.faults.site import Site

SECRET = "secret/db-tls"
BROUGHT_SECONDS = 240
# What db has on its disk, where the readiness probe has told the server of it.
_TOLD = """cd /etc/mcapp/db-tls
[ "$(cksum <tls.crt)" = "$(cat /var/run/postgresql/.certificate)" ] && cat tls.crt
"""


@contextmanager
def _instead(site: Site, authority: Authority, days: int) -> Iterator[None]:
    """Serve another certificate, and end the api's connections, which would not meet it for an hour."""
    kept = site.saved(SECRET)
    both = authority.issue("db", "db.mcapp.svc", days=days).read_bytes()
    begin = both.index(b"-----BEGIN CERTIFICATE")
    parts = {"tls.key": both[:begin], "tls.crt": both[begin:]}
    site.patch(SECRET, {"data": {key: base64.b64encode(part).decode() for key, part in parts.items()}})
    try:
        _await(site, parts["tls.crt"])
        site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        yield
    finally:
        site.restore(kept)
        _await(site, base64.b64decode(site.get(SECRET)["data"]["tls.crt"]))


def _await(site: Site, certificate: bytes) -> None:
    def told() -> bool:
        try:
            shown = site.exec("db-0", "sh", "-c", _TOLD, container="postgres")
        except UserError:
            return False
        return shown.strip() == certificate.decode().strip()

    assert wait.until(told, BROUGHT_SECONDS, pause=1)


@contextmanager
def _own_ca(site: Site) -> Iterator[Authority]:
    data = site.get("secret/db-ca")["data"]
    given = base64.b64decode(data["tls.crt"]), base64.b64decode(data["tls.key"])
    with tempfile.TemporaryDirectory(prefix="mcapp-tls-") as folder:
        yield Authority(Path(folder), given)


@contextmanager
def ended(site: Site) -> Iterator[None]:
    with _own_ca(site) as authority, _instead(site, authority, -1):
        yield


@contextmanager
def ends_soon(site: Site) -> Iterator[None]:
    with _own_ca(site) as authority, _instead(site, authority, 10):
        yield


@contextmanager
def of_another_ca(site: Site) -> Iterator[None]:
    with (
        tempfile.TemporaryDirectory(prefix="mcapp-tls-") as folder,
        _instead(site, Authority(Path(folder)), 90),
    ):
        yield
