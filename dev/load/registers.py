"""Clients that read and conditionally change a few rows, and the check that what they saw is linearizable.

Each row is a register: its version, and its title as the value. A change names the version that it expects
(If-Match). So a stale read, a lost change and two leaders at once all show, whichever client saw them.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import time
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Literal
from uuid import uuid4

import httpx

from dev.kind.programs import command
from dev.load.background import Background
from mcapp.errors import FailedError

CLIENTS = 10
REGISTERS = 3
# A register's history stays short enough to be searched whole.
LIFE_OPERATIONS = 150
READ_SHARE = 0.5
PAUSE_SECONDS = 0.05
TIMEOUT_SECONDS = 10.0
# What a client reads where the row is not there. No order explains it: every row's creation was acknowledged.
GONE = 0

Outcome = Literal["read", "set", "refused", "unknown"]


@dataclass(frozen=True)
class Operation:
    """One operation on a register, as its client saw it.

    `call` and `return_` are readings of time.monotonic_ns(); `return_` is 0 where no answer came. A change
    expects the version `expected`; `version` and `value` are those after a change, or those that were read
    (GONE where there was no row, also by a change).
    """

    register: int
    client: int
    call: int
    return_: int
    outcome: Outcome
    expected: int = 0
    version: int = 0
    value: str = ""


@dataclass
class _Register:
    """A row in use: its id, the newest version that a client heard of, and the operations begun on it."""

    task: int
    version: int = 1
    used: int = 0


class Registers(Background):
    """Ten clients from a thread, from `with` to the end of its block; `history` grows as operations end."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.history: list[Operation] = []
        self.prefix = f"register {uuid4().hex[:8]} "
        self._url = url
        self._values = count(1)
        self._live: list[_Register] = []

    @property
    def outcomes(self) -> Counter[str]:
        """The number of operations by outcome."""
        return Counter(one.outcome for one in self.history)

    def _work(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(self._client(number))

    async def _client(self, number: int) -> None:
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(
            base_url=self._url, limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False
        ) as client:
            while not self._over.is_set():
                register = await self._choose(client)
                if register is not None:
                    register.used += 1
                    if random.random() < READ_SHARE:  # noqa: S311 - no secret
                        await self._read(client, number, register)
                    else:
                        await self._change(client, number, register)
                await asyncio.sleep(random.uniform(0, 2 * PAUSE_SECONDS))  # noqa: S311 - no secret

    async def _choose(self, client: httpx.AsyncClient) -> _Register | None:
        """Return one of the registers in use; None where a new one could not be made."""
        self._live = [one for one in self._live if one.used < LIFE_OPERATIONS]
        if len(self._live) < REGISTERS:
            # The first value is empty in the model, and so is what follows the prefix here.
            answer = await _answer(client, "POST", "/api/tasks", {"title": self.prefix.strip()})
            if answer is None or answer.status_code != httpx.codes.CREATED:
                return None
            self._live.append(_Register(answer.json()["id"]))
        return random.choice(self._live)  # noqa: S311 - no secret

    async def _read(self, client: httpx.AsyncClient, number: int, register: _Register) -> None:
        began = time.monotonic_ns()
        answer = await _answer(client, "GET", f"/api/tasks/{register.task}")
        ended = time.monotonic_ns()
        if answer is None or not (answer.is_success or answer.status_code == httpx.codes.NOT_FOUND):
            return
        version, value = GONE, ""
        if answer.is_success:
            version = _version(answer)
            value = answer.json()["title"].removeprefix(self.prefix.strip()).strip()
        register.version = max(register.version, version)
        self.history.append(
            Operation(register.task, number, began, ended, "read", version=version, value=value)
        )

    async def _change(self, client: httpx.AsyncClient, number: int, register: _Register) -> None:
        expected, value = register.version, str(next(self._values))
        head = {"If-Match": f'"{expected}"'}
        began = time.monotonic_ns()
        body = {"title": f"{self.prefix}{value}"}
        answer = await _answer(client, "PATCH", f"/api/tasks/{register.task}", body, head)
        ended = time.monotonic_ns()
        outcome, version = _outcome(answer), 0
        if outcome is None:
            return
        if outcome == "unknown":
            ended = 0
        elif outcome == "set" and answer is not None:
            version = _version(answer)
            register.version = max(register.version, version)
        elif outcome == "read":
            version, value = GONE, ""
        self.history.append(Operation(register.task, number, began, ended, outcome, expected, version, value))


async def _answer(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response | None:
    """Return the answer, None where none came."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await client.request(method, path, json=body, headers=headers)
    except (httpx.TransportError, TimeoutError):
        return None


def _outcome(answer: httpx.Response | None) -> Outcome | None:
    """Return what a change came to; None where it was certainly not tried."""
    if answer is None:
        return "unknown"
    if answer.is_success:
        return "set"
    if answer.status_code == httpx.codes.PRECONDITION_FAILED:
        return "refused"
    if answer.status_code == httpx.codes.NOT_FOUND:
        return "read"
    said: Any = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    # Only the api's own 503 says that nothing was written.
    refused = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "request_id" in said
    return None if refused and not said.get("maybe_done") else "unknown"


def _version(answer: httpx.Response) -> int:
    return int(answer.headers["ETag"].strip('"'))


@dataclass(frozen=True)
class Verdict:
    """The registers whose history no order of the operations explains, and those that took too long."""

    illegal: tuple[int, ...]
    undecided: tuple[int, ...]


def check(history: list[Operation]) -> Verdict:
    """Search an order of each register's operations that explains all answers, by porcupine.

    Raises:
        FailedError: the checker fails.

    """
    rows = [{key.rstrip("_"): value for key, value in asdict(one).items()} for one in history]
    done = subprocess.run(
        [str(command("linearizable"))], input=json.dumps(rows), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FailedError(f"The checker of the history failed: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    return Verdict(tuple(sorted(found["illegal"])), tuple(sorted(found["undecided"])))
