"""Requests to a member's Patroni, by its REST API."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from typing import Any

PORT = 8008
# The password is the replicator's: the members have it, and so has the Job that scales down to one member.
USER = "patroni"
TIMEOUT_SECONDS = 10


def send(method: str, host: str, path: str, body: dict[str, Any]) -> str:
    """Send a command to one member and return its answer.

    Raises:
        OSError: the member does not answer, or refuses.

    """
    login = base64.b64encode(f"{USER}:{os.environ['REPLICATION_PASSWORD']}".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    request = urllib.request.Request(  # noqa: S310 - http, as written here
        _url(host, path), data=json.dumps(body).encode(), method=method, headers=headers
    )
    # The answer to a switchover comes when it is complete.
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS * 6) as answer:  # noqa: S310
            text: str = answer.read().decode()
            return text
    except urllib.error.HTTPError as error:
        raise OSError(f"{host}: {error.read().decode().strip() or error}") from None


def read(host: str, path: str) -> dict[str, Any]:
    """Return a document of one member, such as `cluster`.

    Raises:
        OSError: the member does not answer.

    """
    with urllib.request.urlopen(_url(host, path), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        document: dict[str, Any] = json.load(answer)
        return document


def _url(host: str, path: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{PORT}/{path}"
