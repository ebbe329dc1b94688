"""Patroni's REST interface of this pod: `python -m mcapp_db.rest PATCH /config < body` prints its answer.

Exits 1 where Patroni does not answer, or refuses.
"""

from __future__ import annotations

import os
import ssl
import sys
from base64 import b64encode
from urllib.request import Request, urlopen

import yaml

from mcapp_db.start import OWN_CONFIG


def call(method: str, path: str, body: bytes = b"", *, seconds: float = 10) -> str:
    """Return the answer's text. Raises OSError, and its child HTTPError for a status of 400 and more."""
    settings = yaml.safe_load(OWN_CONFIG.read_text())
    login = b64encode(f"patroni:{os.environ['REPLICATION_PASSWORD']}".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    encrypted = "certfile" in settings["restapi"]
    context = None
    if encrypted:
        context = ssl.create_default_context(cafile=settings["ctl"]["cacert"])
        # No certificate has this address, which does not leave the pod.
        context.check_hostname = False
    port = settings["restapi"]["listen"].rpartition(":")[2]
    url = f"{'https' if encrypted else 'http'}://127.0.0.1:{port}{path}"
    request = Request(url, body or None, headers, method=method)  # noqa: S310
    with urlopen(request, timeout=seconds, context=context) as answer:  # noqa: S310
        return str(answer.read().decode())


if __name__ == "__main__":
    given = b"" if sys.argv[1] == "GET" else sys.stdin.buffer.read()
    try:
        print(call(sys.argv[1], sys.argv[2], given, seconds=60))
    except OSError as error:
        sys.exit(f"Patroni: {error}")
