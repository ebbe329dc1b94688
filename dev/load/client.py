"""An open-loop client: a request every 1/rate seconds, however long the answers take, and no retries."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count, cycle
from math import inf
from time import monotonic
from typing import Any, Literal

import httpx

from dev.load.background import Background
from dev.load.ledger import Ledger, State, Write
from dev.load.pinned import Pinned
from mcapp import wait

RATE = 60.0
TIMEOUT_SECONDS = 10.0
# This share of the requests opens a connection each; the others use the connections of these clients.
FRESH_SHARE = 0.25
KEPT_CLIENTS = 8

Kind = Literal["write", "read", "page"]
# The order in which kinds are sent. `read` reads an acknowledged row back, `page` loads the page.
KINDS: tuple[Kind, ...] = ("write", "read", "write", "read", "page")

# The statuses of the api and nginx when nothing was written.
_NOT_DONE = frozenset({400, 404, 405, 409, 412, 413, 415, 422, 429, 503})


@dataclass(frozen=True)
class Request:
    """One request: when it was due (s since the start), how long it took from then (s), and how it ended.

    `problem` is empty where the answer is right.
    """

    kind: Kind
    fresh: bool
    due: float
    seconds: float
    status: int | None = None
    problem: str = ""

    @property
    def ended(self) -> float:
        """The time of its end, in seconds since the start."""
        return self.due + self.seconds


class Load(Background):
    """Requests at a steady rate from a thread, from `with` to the end of its block.

    `requests` grows as requests end; `ledger` holds every write. The end of the block waits for the requests
    that are under way. With `pinned`, the URL's host name leads there.
    """

    def __init__(
        self, url: str, *, rate: float = RATE, kinds: Sequence[Kind] = KINDS, pinned: Pinned | None = None
    ) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.ledger = Ledger()
        self._url = url
        self._pinned = pinned
        self.rate = rate
        self._kinds = kinds
        self._acknowledged: list[Write] = []
        # A reading of time.monotonic().
        self.began = 0.0

    def at_least(self, requests: int) -> None:
        """Wait until this number of requests has ended. Each ends within its timeout."""
        wait.until(lambda: len(self.requests) >= requests or not self._thread.is_alive(), inf, pause=0.1)

    @property
    def problems(self) -> list[Request]:
        """The requests without the right answer."""
        return [request for request in self.requests if request.problem]

    def _work(self) -> None:
        asyncio.run(self._send_all())

    async def _send_all(self) -> None:
        async with AsyncExitStack() as stack:
            kept = [
                await stack.enter_async_context(_client(self._url, self._pinned, keep=True))
                for _ in range(KEPT_CLIENTS)
            ]
            fresh = await stack.enter_async_context(_client(self._url, self._pinned, keep=False))
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
        """Read an acknowledged row back; read the list while there is none."""
        if not self._acknowledged:
            answer = await client.get("/api/tasks")
            return answer.status_code, "" if answer.is_success else answer.text
        write = random.choice(self._acknowledged)  # noqa: S311 - no secret
        answer = await client.get(f"/api/tasks/{write.task}")
        right = answer.is_success and _document(answer).get("title") == write.title
        return answer.status_code, "" if right else answer.text


@asynccontextmanager
async def _client(url: str, pinned: Pinned | None, *, keep: bool) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_keepalive_connections=None if keep else 0, keepalive_expiry=60)
    transport = pinned.async_transport(limits) if pinned else None
    async with httpx.AsyncClient(
        base_url=url, limits=limits, transport=transport, timeout=TIMEOUT_SECONDS, trust_env=False
    ) as client:
        yield client


def _document(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one where the body is something else."""
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _says_not_done(answer: httpx.Response, document: dict[str, Any]) -> bool:
    """Tell whether an answer rules out that the row was written."""
    # With a comma, nginx asked a second pod: the first pod may have written before it broke.
    if answer.status_code not in _NOT_DONE or "," in answer.headers.get("X-Upstream-Time", ""):
        return False
    # Only the api's own 503 says something about the row.
    return answer.status_code != 503 or ("request_id" in document and not document.get("maybe_done"))
