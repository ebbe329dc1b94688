"""A change that a page of another site sends is refused; a program, and this site's own page, may make it."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from mcapp_api.middleware.origin import is_foreign
from tests.api.problem import assert_problem

OWN = [
    {},
    {"sec-fetch-site": "same-origin", "origin": "http://lab:30080"},
    # Typed into the address bar, or from a bookmark.
    {"sec-fetch-site": "none"},
    {"origin": "http://lab:30080"},
    # A proxy that ends TLS passes Host on as it came.
    {"origin": "https://lab:30080"},
    {"origin": "http://LAB:30080"},
    {"origin": "http://lab", "host": "lab:80"},
    {"origin": "https://lab", "host": "lab:443"},
]
FOREIGN = [
    {"sec-fetch-site": "cross-site", "origin": "http://evil.example"},
    # The same host with another port is another origin.
    {"sec-fetch-site": "same-site", "origin": "http://lab:30081"},
    {"sec-fetch-site": "cross-site"},
    {"origin": "http://evil.example"},
    {"origin": "http://lab:30081"},
    {"origin": "http://lab"},
    # A sandboxed frame, or a file.
    {"origin": "null"},
]


def encoded(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {key.encode(): value.encode() for key, value in {"host": "lab:30080", **headers}.items()}


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_its_own(headers: dict[str, str]) -> None:
    assert not is_foreign("POST", encoded(headers))


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_another_one(headers: dict[str, str], method: str) -> None:
    assert is_foreign(method, encoded(headers))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_changes_nothing(method: str) -> None:
    assert not is_foreign(method, encoded(FOREIGN[0]))


@pytest.mark.postgres
def test_the_api_refuses_it_and_changes_nothing(client: httpx.Client) -> None:
    made = client.post("/api/tasks", json={"title": "mine"})
    assert made.status_code == 201
    task = f"/api/tasks/{made.json()['id']}"
    foreign = {"Origin": "http://evil.example"}
    for answer in (
        client.post("/api/tasks", json={"title": "theirs"}, headers=foreign),
        client.patch(task, json={"done": True}, headers=foreign),
        client.delete(task, headers=foreign),
    ):
        assert_problem(answer, 403, "cross-origin")
    assert client.get(task).json() == made.json()
    own = {"Origin": f"http://{urlsplit(str(client.base_url)).netloc}"}
    assert client.delete(task, headers=own).status_code == 204
