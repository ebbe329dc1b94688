"""An open-loop client: one request every 1/rate seconds, however long the answers take, none sent twice."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count, cycle
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from dev.load.ledger import Ledger, State, Write

RATE = 60.0
TIMEOUT_SECONDS = 10.0
# So many requests open a connection of their own; the others share the connections of these clients.
FRESH_SHARE = 0.25
KEPT_CLIENTS = 8

Kind = Literal["write", "read", "page"]
# What is sent in turn. `read` reads an acknowledged row back, `page` loads the page.
KINDS: tuple[Kind, ...] = ("write", "read", "write", "read", "page")

# What the api and nginx say when nothing was done.
_NOT_DONE = frozenset({400, 404, 405, 409, 412, 413, 415, 422, 429, 503})


@dataclass(frozen=True)
class Request:
    """One request: when it was due (s since the start), how long from then to its end, and how it ended.

    `problem` is empty where the answer was the right one.
    """

    kind: Kind
    fresh: bool
    due: float
    seconds: float
    status: int | None = None
    problem: str = ""

    @property
    def ended(self) -> float:
        """When it ended, in seconds since the start."""
        return self.due + self.seconds


class Load:
    """Requests at a steady rate from a thread of its own, from `with` to the end of its block.

    `requests` grows as they end; `ledger` holds every write. Requests under way at the end are waited for.
    """

    def __init__(self, url: str, *, rate: float = RATE, kinds: Sequence[Kind] = KINDS) -> None:
        self.requests: list[Request] = []
        self.ledger = Ledger()
        self._url = url
        self.rate = rate
        self._kinds = kinds
        self._over = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="load", daemon=True)
        self._acknowledged: list[Write] = []
        # By time.monotonic().
        self.began = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._error and error is None:
            raise self._error

    def at_least(self, requests: int) -> None:
        """Return when so many requests have ended."""
        while len(self.requests) < requests and self._thread.is_alive():
            sleep(0.1)

    @property
    def problems(self) -> list[Request]:
        """Every request that did not get the right answer."""
        return [request for request in self.requests if request.problem]

    def _work(self) -> None:
        try:
            asyncio.run(self._send_all())
        except BaseException as error:
            self._error = error

    async def _send_all(self) -> None:
        async with AsyncExitStack() as stack:
            kept = [
                await stack.enter_async_context(_client(self._url, keep=True)) for _ in range(KEPT_CLIENTS)
            ]
            fresh = await stack.enter_async_context(_client(self._url, keep=False))
            turns = zip(count(), cycle(self._kinds), cycle(kept), strict=False)
            self.began = monotonic()
            async with asyncio.TaskGroup() as group:
                for number, kind, shared in turns:
                    due = number / self.rate
                    await asyncio.sleep(max(0.0, self.began + due - monotonic()))
                    if self._over.is_set():
                        return
                    alone = random.random() < FRESH_SHARE  # noqa: S311 - no secret
                    group.create_task(self._send(fresh if alone else shared, kind, alone, due))

    async def _send(self, client: httpx.AsyncClient, kind: Kind, fresh: bool, due: float) -> None:
        status, problem = None, ""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                match kind:
                    case "write":
                        status, problem = await self._write(client)
                    case "read":
                        status, problem = await self._read(client)
                    case "page":
                        answer = await client.get("/")
                        status, problem = answer.status_code, "" if answer.is_success else answer.text
        except (httpx.TransportError, TimeoutError) as error:
            problem = f"{type(error).__name__} {error}".strip()
        seconds = monotonic() - self.began - due
        self.requests.append(Request(kind, fresh, due, seconds, status, problem))

    async def _write(self, client: httpx.AsyncClient) -> tuple[int, str]:
        write = self.ledger.begin()
        headers = {"Idempotency-Key": str(write.key)}
        try:
            answer = await client.post("/api/tasks", json={"title": write.title}, headers=headers)
        except BaseException as error:
            never_left = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            write.state = State.FAILED if never_left else State.UNKNOWN
            raise
        document = _document(answer)
        if answer.is_success and document.get("title") == write.title:
            write.task = document["id"]
            write.state = State.ACKNOWLEDGED
            self._acknowledged.append(write)
            return answer.status_code, ""
        write.state = State.FAILED if _says_not_done(answer, document) else State.UNKNOWN
        return answer.status_code, answer.text

    async def _read(self, client: httpx.AsyncClient) -> tuple[int, str]:
        """Read back any row that was acknowledged; before the first one, the list."""
        if not self._acknowledged:
            answer = await client.get("/api/tasks")
            return answer.status_code, "" if answer.is_success else answer.text
        write = random.choice(self._acknowledged)  # noqa: S311 - no secret
        answer = await client.get(f"/api/tasks/{write.task}")
        right = answer.is_success and _document(answer).get("title") == write.title
        return answer.status_code, "" if right else answer.text


@asynccontextmanager
async def _client(url: str, *, keep: bool) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_keepalive_connections=None if keep else 0, keepalive_expiry=60)
    async with httpx.AsyncClient(
        base_url=url, limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False
    ) as client:
        yield client


def _document(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one where something else came."""
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _says_not_done(answer: httpx.Response, document: dict[str, Any]) -> bool:
    """Tell whether an answer rules out that the write was done."""
    # With a comma, nginx asked a second pod: the first one may have done it before it broke.
    if answer.status_code not in _NOT_DONE or "," in answer.headers.get("X-Upstream-Time", ""):
        return False
    # A 503 of anybody but the api says nothing about the row.
    return answer.status_code != 503 or ("request_id" in document and not document.get("maybe_done"))
