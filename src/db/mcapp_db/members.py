"""What members tell and are asked by Patroni's REST API."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from typing import Any

PORT = 8008
# The password is the replicator's: members have it, and so has the Job that leads back to one.
USER = "patroni"
TIMEOUT_SECONDS = 10


def send(method: str, host: str, path: str, body: dict[str, Any]) -> str:
    """Ask one member to do something; return what it said.

    Raises:
        OSError: it does not answer, or refuses.

    """
    login = base64.b64encode(f"{USER}:{os.environ['REPLICATION_PASSWORD']}".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    request = urllib.request.Request(  # noqa: S310 - http, as written here
        _url(host, path), data=json.dumps(body).encode(), method=method, headers=headers
    )
    # A switchover answers when it is done.
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS * 6) as answer:  # noqa: S310
            text: str = answer.read().decode()
            return text
    except urllib.error.HTTPError as error:
        raise OSError(f"{host}: {error.read().decode().strip() or error}") from None


def read(host: str, path: str) -> dict[str, Any]:
    """Return a document of one member, such as `cluster`.

    Raises:
        OSError: it does not answer.

    """
    with urllib.request.urlopen(_url(host, path), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        document: dict[str, Any] = json.load(answer)
        return document


def _url(host: str, path: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{PORT}/{path}"
