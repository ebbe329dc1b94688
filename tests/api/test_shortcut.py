"""Plain reads do not pass through FastAPI, but give the same answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from dev.local.postgres import PostgresServer
from mcapp_api.database.client import Database
from mcapp_api.middleware.shortcut import Shortcut
from mcapp_api.settings import Settings
from mcapp_api.store import FORGET_OLD_KEYS

pytestmark = pytest.mark.postgres

# Cursors of 3, of 0 and of a number that is too big; the last one is not base64.
CURSORS = ["Mw", "MA", "OTIyMzM3MjAzNjg1NDc3NTgwOA", "A"]
PLAIN = [
    "/api/tasks/1",
    "/api/tasks/5",
    "/api/tasks/999999",
    "/api/tasks",
    "/api/tasks?limit=1",
    "/api/tasks?limit=100",
    "/api/tasks?done=true",
    "/api/tasks?done=false&limit=2&cursor=Mw",
    "/api/tasks?cursor=Mw&limit=2",
    "/api/tasks/007",
    "/api/tasks?limit=01",
    "/api/tasks?done=True",
    "/api/tasks?done=1",
]
UNUSUAL = [
    *(f"/api/tasks/{task}" for task in ("0", "-1", "+1", "1.0", "x", "1/", "9223372036854775808", "١")),
    *(f"/api/tasks?cursor={cursor}" for cursor in (*CURSORS[1:], "", "M%77", "a" * 65)),
    *(f"/api/tasks?limit={limit}" for limit in ("0", "101", "-1", "1e1", "", "20%20", "%31")),
    *(f"/api/tasks?done={done}" for done in ("maybe", "")),
    *("/api/tasks?limit=2&limit=3", "/api/tasks?limit=2&", "/api/tasks?Limit=2", "/api/tasks/1?x=1"),
]


@pytest.fixture(scope="module", autouse=True)
def five_tasks(postgres: PostgresServer, client: httpx.Client) -> None:  # noqa: ARG001
    postgres.sql("TRUNCATE app.tasks, app.idempotency_keys RESTART IDENTITY")
    postgres.sql("INSERT INTO app.tasks (title, done) SELECT n::text, n % 2 = 0 FROM generate_series(1, 5) n")


@pytest.mark.parametrize("address", PLAIN + UNUSUAL)
def test_the_answer_is_that_of_fastapi(client: httpx.Client, address: str) -> None:
    # An unknown parameter changes the way only.
    slow = client.get(f"{address}{'&' if '?' in address else '?'}unknown=1")
    fast = client.get(address)
    seen = [
        (one.status_code, {**one.headers, "date": "", "x-request-id": ""}, _body(one)) for one in (fast, slow)
    ]
    assert seen[0] == seen[1]


def _body(response: httpx.Response) -> object:
    body = response.json()
    if "request_id" in body:
        assert body.pop("request_id") == response.headers["x-request-id"]
    return body


@pytest.mark.parametrize("path", ["/api/tasks", "/api/tasks/{task_id}"])
def test_it_is_counted_under_its_route(client: httpx.Client, path: str) -> None:
    def count() -> float:
        start = f'http_requests_total{{method="GET",route="{path}",status="200"}}'
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))

    before = count()
    client.get(path.format(task_id=1))
    assert count() == before + 1


def test_what_takes_the_short_way(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in postgres.environment.items():
        monkeypatch.setenv(name, value)
    assert asyncio.run(_long_way(postgres, "GET", PLAIN)) == []
    assert asyncio.run(_long_way(postgres, "GET", UNUSUAL)) == UNUSUAL
    assert asyncio.run(_long_way(postgres, "HEAD", PLAIN)) == PLAIN


async def _long_way(postgres: PostgresServer, method: str, addresses: Sequence[str]) -> list[str]:
    """Return the addresses that Shortcut passes on to FastAPI."""
    passed_on = []

    async def app(scope: Scope, *_: object) -> None:
        passed_on.append(scope["address"])

    async def nothing(*_: object) -> None:
        pass

    def answer(_: Request, error: Exception) -> Response:
        assert type(error).__name__ == "NoSuchTaskError"
        return Response()

    database = Database(Settings.from_environment(postgres.environment), housekeeping=FORGET_OLD_KEYS)
    database.start()
    try:
        async with asyncio.timeout(10):
            while database.failure:
                await asyncio.sleep(0.01)
        for address in addresses:
            url = httpx.URL(f"http://api{address}")
            scope = {"type": "http", "method": method, "path": url.path, "query_string": url.query}
            await Shortcut(app, database, answer)({**scope, "address": address}, nothing, nothing)  # type: ignore[arg-type]
    finally:
        await database.stop()
    return passed_on
