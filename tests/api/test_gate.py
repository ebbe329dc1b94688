"""The queue before the pool: in order, limited in length, limited in time."""

from __future__ import annotations

import asyncio

import httpx
import psycopg
import pytest
from psycopg_pool import PoolTimeout, TooManyRequests

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp_api.database.gate import WAITING_PER_CONNECTION, Gate
from mcapp_api.database.reasons import explain
from tests.api.problem import assert_problem


async def _queue(gate: Gate, count: int, entered: list[int]) -> list[asyncio.Task[None]]:
    """Start `count` tasks that enter the gate and note it; return when all of them are at the gate."""

    async def visit(number: int) -> None:
        await gate.enter(10)
        entered.append(number)

    tasks = [asyncio.create_task(visit(number)) for number in range(count)]
    await asyncio.sleep(0)
    return tasks


def test_who_comes_first_goes_first() -> None:
    async def scenario() -> None:
        gate, entered = Gate(2), list[int]()
        tasks = await _queue(gate, 5, entered)
        assert (entered, gate.waiting) == ([0, 1], 3)
        for _ in range(3):
            gate.leave()
        await asyncio.gather(*tasks)
        assert (entered, gate.waiting) == ([0, 1, 2, 3, 4], 0)

    asyncio.run(scenario())


def test_nobody_waits_for_ever_and_a_place_given_up_is_not_lost() -> None:
    async def scenario() -> None:
        gate = Gate(1)
        await gate.enter(1)
        with pytest.raises(PoolTimeout):
            await gate.enter(0.01)
        assert gate.waiting == 0
        gate.leave()
        await gate.enter(0.01)

    asyncio.run(scenario())


def test_who_has_given_up_takes_nobody_s_place() -> None:
    async def scenario() -> None:
        gate, entered = Gate(1), list[int]()
        await gate.enter(1)
        with pytest.raises(PoolTimeout):
            await gate.enter(0.01)
        tasks = await _queue(gate, 2, entered)
        tasks[0].cancel()
        gate.leave()
        await tasks[1]
        assert (entered, gate.waiting) == ([1], 0)

    asyncio.run(scenario())


def test_a_place_that_comes_with_the_end_of_its_request_is_given_back() -> None:
    async def scenario() -> None:
        gate, entered = Gate(1), list[int]()
        await gate.enter(1)
        (task,) = await _queue(gate, 1, entered)
        gate.leave()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert entered == []
        await gate.enter(0.01)

    asyncio.run(scenario())


def test_one_too_many_is_refused_at_once() -> None:
    async def scenario() -> None:
        gate, entered = Gate(1), list[int]()
        tasks = await _queue(gate, 1 + WAITING_PER_CONNECTION, entered)
        with pytest.raises(TooManyRequests) as refused:
            await gate.enter(10)
        assert explain(refused.value, "db:5432").code == "busy"
        gate.admit_all()
        await asyncio.gather(*tasks)
        assert len(entered) == 1 + WAITING_PER_CONNECTION

    asyncio.run(scenario())


async def _at_once(port: int, count: int) -> list[httpx.Response]:
    """Ask for the tasks over this many connections at one moment, which no client with a thread each can."""
    ready = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(count)))
    for _, writer in ready:
        writer.write(b"GET /api/tasks HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n")

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> httpx.Response:
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        status, *lines = head.decode().split("\r\n")
        headers = {name: value for name, _, value in (line.partition(": ") for line in lines)}
        asked = httpx.Request("GET", "http://api/api/tasks")
        return httpx.Response(int(status.split()[1]), headers=headers, content=body, request=asked)

    return list(await asyncio.gather(*(read(*both) for both in ready)))


@pytest.mark.postgres
def test_a_flood_is_answered_while_the_database_is_stuck(postgres: PostgresServer) -> None:
    flood = WAITING_PER_CONNECTION + 30
    with (
        ApiProcess({**postgres.environment, "MCAPP_POOL_SIZE": "1"}) as api,
        plain_http.Client(base_url=api.url, timeout=10) as client,
    ):
        api.wait_for("/readyz")
        with psycopg.connect(postgres.admin_conninfo) as lock:
            lock.execute("LOCK TABLE app.tasks")
            answers = asyncio.run(_at_once(api.port, flood))
        for answer in answers:
            assert_problem(answer, 503, "database-unavailable")
        details = [answer.json()["detail"] for answer in answers]
        assert sum("too many requests wait" in detail for detail in details) >= 20
        assert client.get("/api/tasks").status_code == 200
