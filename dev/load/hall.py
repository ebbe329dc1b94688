#!/usr/bin/env python3
"""A lecture hall: viewers who open the page at one moment, and keep it open. Prints what they met as JSON.

Each viewer does what a browser does: up to six connections, which stay open; the page, then its files; the
topology as often as the answer asks for, and the newest tasks at every third turn. Each tenth one adds a task
a minute, and ticks it. A read is sent once more where the server closed a connection that had been open (RFC
9112, 9.3.1), and so is a new task, which has an idempotency key.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource
import statistics
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
import uvloop

from mcapp.cli import parser, run
from mcapp.errors import Exit

CONNECTIONS = 6
# A browser keeps an idle connection for this time, in seconds.
IDLE_SECONDS = 300.0
TIMEOUT_SECONDS = 15.0
HEAD = "api/tasks?limit=30"
HEAD_EVERY = 3
WRITERS_EVERY = 10
WRITE_SECONDS = 60.0
SPREAD = 0.5
# After this time, in seconds since the start, the opening is over: what is left is people who watch.
SETTLED_SECONDS = 20.0
# What a connection that was closed under a request raises.
CLOSED = (aiohttp.ClientConnectionResetError, aiohttp.ServerDisconnectedError)
KINDS = ("page", "first", "topology", "list", "write")
WATCHING = "topology, later"
T = TypeVar("T")
_ASSET = re.compile(r'(?:href|src)="([^"#]+)"')


@dataclass(frozen=True)
class Answer:
    """One request: when it began (s since the start), how long it took (s), and what was wrong, if anything.

    `kind` is page (with all its files, as one), first (a viewer's first topology), topology, list or write.
    """

    kind: str
    began: float
    seconds: float
    problem: str = ""


@dataclass(frozen=True)
class Summary:
    """The answers of one kind: their number, the wrong ones, and seconds of the right ones."""

    count: int
    errors: int
    median: float
    p99: float
    worst: float
    problems: list[str]


class Hall:
    """Viewers at one address; `answers` grows as requests end."""

    def __init__(self, url: str, viewers: int) -> None:
        self.answers: list[Answer] = []
        self.waits: list[float] = []
        self.prefix = f"hall {uuid4().hex[:8]}"
        self._url = url
        self._viewers = viewers
        self._began = monotonic()

    async def watch(self, seconds: float) -> None:
        """Let them open the page, and watch it for this time when all have."""
        opened = asyncio.Barrier(self._viewers + 1)
        tasks = [asyncio.create_task(self._view(number, opened)) for number in range(self._viewers)]
        await opened.wait()
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _view(self, number: int, opened: asyncio.Barrier) -> None:
        connector = aiohttp.TCPConnector(limit_per_host=CONNECTIONS, keepalive_timeout=IDLE_SECONDS)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(
            f"{self._url}/", connector=connector, timeout=timeout, headers={"Accept-Encoding": "gzip"}
        ) as session:
            await self._timed("page", self._open(session))
            async with asyncio.TaskGroup() as group:
                group.create_task(opened.wait())
                group.create_task(self._look(session))
                if number % WRITERS_EVERY == 0:
                    group.create_task(self._write(session))

    async def _open(self, session: aiohttp.ClientSession) -> None:
        page = await _text(session, "")
        await asyncio.gather(*(_text(session, name) for name in _ASSET.findall(page)))

    async def _look(self, session: aiohttp.ClientSession) -> None:
        turn, wait = 0, 2.0
        while True:
            told = await self._timed("topology" if turn else "first", _topology(session))
            if told is not None:
                wait = told
                self.waits.append(wait)
            if turn % HEAD_EVERY == 0:
                await self._timed("list", _text(session, HEAD))
            turn += 1
            await asyncio.sleep(wait * random.uniform(1 - SPREAD, 1 + SPREAD))  # noqa: S311 - no secret

    async def _write(self, session: aiohttp.ClientSession) -> None:
        while True:
            await asyncio.sleep(random.uniform(0, WRITE_SECONDS))  # noqa: S311 - no secret
            await self._timed("write", self._add(session))
            await asyncio.sleep(WRITE_SECONDS / 2)

    async def _add(self, session: aiohttp.ClientSession) -> None:
        key = str(uuid4())
        document = {"title": f"{self.prefix} {key}"}
        try:
            task = await _post(session, document, key)
        except CLOSED:
            task = await _post(session, document, key)
        async with session.patch(f"api/tasks/{task['id']}", json={"done": True}) as answer:
            _check(answer.status, await answer.text())

    async def _timed(self, kind: str, work: Awaitable[T]) -> T | None:
        began, problem, result = monotonic(), "", None
        try:
            result = await work
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            problem = f"{type(error).__name__} {error}".strip()
        self.answers.append(Answer(kind, began - self._began, monotonic() - began, problem))
        return result

    def summaries(self) -> Iterator[tuple[str, Summary]]:
        """Sum the answers up, each kind for itself."""
        for kind in KINDS:
            if these := [one for one in self.answers if one.kind == kind]:
                yield kind, _summary(these)
        later = [one for one in self.answers if one.kind == "topology" and one.began > SETTLED_SECONDS]
        if later:
            yield WATCHING, _summary(later)


async def _text(session: aiohttp.ClientSession, path: str) -> str:
    try:
        return await _read(session, path)
    except CLOSED:
        return await _read(session, path)


async def _read(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        text = await answer.text()
        _check(answer.status, text)
        return text


async def _topology(session: aiohttp.ClientSession) -> float:
    document = json.loads(await _text(session, "api/topology"))
    if not document["db"]["up"]:
        raise ValueError(document["db"]["reason"])
    return float(document["next_ms"]) / 1000


async def _post(session: aiohttp.ClientSession, document: dict[str, str], key: str) -> dict[str, Any]:
    async with session.post("api/tasks", json=document, headers={"Idempotency-Key": key}) as answer:
        text = await answer.text()
        _check(answer.status, text)
        made: dict[str, Any] = json.loads(text)
        return made


def _check(status: int, text: str) -> None:
    if status >= 400:
        raise ValueError(f"{status}: {text[:200]}")


def _summary(these: Sequence[Answer]) -> Summary:
    wrong = [one.problem for one in these if one.problem]
    seconds = sorted(one.seconds for one in these if not one.problem) or [float("nan")]
    return Summary(
        count=len(these),
        errors=len(wrong),
        median=statistics.median(seconds),
        p99=seconds[min(len(seconds) - 1, int(0.99 * len(seconds)))],
        worst=seconds[-1],
        problems=sorted(set(wrong))[:5],
    )


def main(arguments: Sequence[str]) -> Exit:
    """Fill the hall, and print the summaries."""
    example = "python -m dev.load.hall --url http://127.0.0.1:30080 --viewers 300 --seconds 60"
    options = parser("python -m dev.load.hall", __doc__ or "", example)
    options.add_argument("--url", required=True, help="where the page is")
    options.add_argument("--viewers", type=int, default=300, help="how many (default: 300)")
    options.add_argument("--seconds", type=float, default=60, help="how long (default: 60)")
    chosen = options.parse_args(arguments)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    hall = Hall(chosen.url, chosen.viewers)
    # As the viewers share the machine with what they watch, they had better take little of it.
    uvloop.run(hall.watch(chosen.seconds))
    kinds = {kind: asdict(one) for kind, one in hall.summaries()}
    last = hall.waits[-chosen.viewers :]
    wait = statistics.median(last) if last else None
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"prefix": hall.prefix, "kinds": kinds, "wait": wait, "cpu": cpu}))
    return Exit.OK if not any(one["errors"] for one in kinds.values()) else Exit.FAILED


if __name__ == "__main__":
    run(main)
