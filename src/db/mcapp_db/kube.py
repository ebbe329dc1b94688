"""Calls to the API server with the pod's service account, beside those of Patroni."""

from __future__ import annotations

import base64
import json
import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TIMEOUT_SECONDS = 10


def call(
    method: str, path: str, body: dict[str, Any] | None = None, timeout: float = TIMEOUT_SECONDS
) -> dict[str, Any]:
    """Send one request for a path in the pod's namespace, such as `api/v1:pods`, and return the answer.

    Raises:
        OSError: no answer, or an error status.

    """
    group, _, rest = path.partition(":")
    namespace = (ACCOUNT / "namespace").read_text()
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    address = f"[{host}]" if ":" in host else host
    request = urllib.request.Request(
        f"https://{address}:{port}/{group}/namespaces/{namespace}/{rest}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}",
            "Content-Type": "application/merge-patch+json",
        },
    )
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:  # noqa: S310
        document: dict[str, Any] = json.load(answer)
        return document


def delete(path: str) -> None:
    """Delete an object, if it exists.

    Raises:
        OSError: no answer, or a refusal.

    """
    try:
        call("DELETE", path)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise


def annotations_of(kind: str, name: str) -> dict[str, str]:
    """Return an object's annotations; {} where it does not exist or the API server does not answer."""
    try:
        found: dict[str, str] = call("GET", f"api/v1:{kind}/{name}")["metadata"].get("annotations", {})
    except OSError as error:
        if not isinstance(error, urllib.error.HTTPError) or error.code != 404:
            print(f"The API server: {error}", flush=True)
        return {}
    return found


def secret(name: str) -> dict[str, str]:
    """Return the decoded data of a Secret.

    Raises:
        OSError: no answer, or a refusal.

    """
    data: dict[str, str] = call("GET", f"api/v1:secrets/{name}").get("data", {})
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def pods(selector: str) -> list[dict[str, Any]]:
    """Return the namespace's pods with these labels (`key=value,...`)."""
    items: list[dict[str, Any]] = call("GET", f"api/v1:pods?labelSelector={selector}")["items"]
    return items
