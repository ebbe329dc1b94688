"""A database that is absent, starts late, breaks or freezes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import httpx
import psycopg
import pytest

from dev.load.client import Load
from dev.load.ledger import State
from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.ports import free_port
from dev.local.postgres import PostgresServer
from mcapp import wait
from tests.api.contract import ANSWER_SECONDS
from tests.api.problem import assert_problem

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

# How long a request whose connection broke waits for a new one: ANSWER_SECONDS - REPEAT_SECONDS of the api.
RECONNECT_SECONDS = 1.9


@pytest.fixture
def survivor(replica: ApiProcess) -> Iterator[httpx.Client]:
    """A client of the replica, which must be ready before the test and after it, in the same process."""
    replica.wait_for("/readyz")
    with plain_http.Client(base_url=replica.url, timeout=10) as client:
        yield client
    replica.wait_for("/readyz")


def timed(request: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    return request(), time.monotonic() - began


@contextmanager
def black_hole() -> Iterator[int]:
    """Listen on a port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


# Replicas without a usable database: the wrong part of each one's environment.
UNLUCKY = {
    "password": {"PGPASSWORD": "wrong"},
    "no password": {"PGPASSWORD": ""},
    "dns": {"DATABASE_URL": "postgresql://nowhere.invalid/appdb"},
    "refused": {"DATABASE_URL": "postgresql://127.0.0.1:{free}/appdb"},
    "timeout": {"DATABASE_URL": "postgresql://127.0.0.1:{black_hole}/appdb"},
    "missing": {"DATABASE_URL": "postgresql://127.0.0.1:{postgres}/other"},
}


@pytest.fixture(scope="module")
def unlucky(postgres: PostgresServer) -> Iterator[dict[str, ApiProcess]]:
    """Start one replica for each entry of UNLUCKY, all at once."""
    with ExitStack() as stack:
        silent = stack.enter_context(black_hole())
        ports = {"free": free_port(), "black_hole": silent, "postgres": postgres.port}
        processes = {}
        for name, changes in UNLUCKY.items():
            changed = {key: value.format_map(ports) for key, value in changes.items()}
            processes[name] = ApiProcess({**postgres.environment, **changed})
            stack.callback(processes[name].stop)
        yield processes


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("password", "password", "password rejected"),
        ("no password", "password", "no password given"),
        ("dns", "dns", "does not resolve"),
        ("refused", "refused", "connection refused"),
        ("timeout", "timeout", "timed out"),
        ("missing", "missing", "does not exist"),
    ],
)
def test_reason_a_beginner_understands(
    unlucky: dict[str, ApiProcess], name: str, code: str, reason: str
) -> None:
    api = unlucky[name]
    until = time.monotonic() + 20
    while "has not reached" in (answer := api.wait_for("/readyz", 503)).text:
        assert time.monotonic() < until
        time.sleep(0.05)
    problem = assert_problem(answer, 503, "database-unavailable")
    assert problem["code"] == code
    assert reason in problem["detail"]

    answer, seconds = timed(lambda: plain_http.get(f"{api.url}/api/topology"))
    assert answer.status_code == 200
    assert answer.json()["db"]["up"] is False
    assert answer.json()["db"]["code"] == code
    assert reason in answer.json()["db"]["reason"]
    assert answer.json()["hops"][1] == {"from": "api", "to": "db", "ms": None}
    assert seconds < ANSWER_SECONDS

    assert_problem(plain_http.get(f"{api.url}/api/tasks"), 503, "database-unavailable")
    assert plain_http.get(f"{api.url}/healthz").status_code == 200
    assert_problem(plain_http.get(f"{api.url}/readyz?exclude=db"), 503, "database-unavailable")
    assert "mcapp_db_up 0.0" in plain_http.get(f"{api.url}/metrics").text


def test_database_that_comes_late_is_found(breakable: PostgresServer) -> None:
    breakable.stop()
    with ApiProcess(breakable.environment) as api:
        assert_problem(plain_http.get(f"{api.url}/readyz"), 503, "database-unavailable")
        breakable.start()
        api.wait_for("/readyz", seconds=3)
        assert plain_http.post(f"{api.url}/api/tasks", json={"title": "a"}).status_code == 201


def test_frozen_database_gives_503_in_time(
    breakable: PostgresServer, replica: ApiProcess, survivor: httpx.Client
) -> None:
    def ask(number: int) -> tuple[httpx.Response, float]:
        if number % 2:
            return timed(lambda: survivor.get("/api/tasks"))
        return timed(lambda: survivor.post("/api/tasks", json={"title": "a"}))

    breakable.pause()
    try:
        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(ask, range(16)))
        topology, topology_seconds = timed(lambda: survivor.get("/api/topology"))
        ready, ready_seconds = timed(lambda: survivor.get("/readyz"))
        assert survivor.get("/healthz").status_code == 200
        assert survivor.get("/readyz?exclude=db").status_code == 200
    finally:
        breakable.resume()
    for answer, seconds in answers:
        assert_problem(answer, 503, "database-unavailable")
        assert seconds < ANSWER_SECONDS
    assert topology.json()["db"]["code"] == "timeout"
    assert topology_seconds < ANSWER_SECONDS
    assert assert_problem(ready, 503, "database-unavailable")["code"] == "timeout"
    assert ready_seconds < ANSWER_SECONDS

    replica.wait_for("/readyz", seconds=3)
    assert survivor.get("/api/tasks").status_code == 200


def test_locked_row_gives_503_and_spares_the_connection(
    breakable: PostgresServer, survivor: httpx.Client
) -> None:
    address = survivor.post("/api/tasks", json={"title": "a"}).headers["location"]
    connections = "SELECT pid FROM pg_stat_activity WHERE usename = 'app' ORDER BY pid"
    before = breakable.sql(connections)
    with psycopg.connect(breakable.admin_conninfo) as holder:
        holder.execute("SELECT FROM app.tasks FOR UPDATE")
        answer, seconds = timed(lambda: survivor.patch(address, json={"title": "b"}))
        holder.rollback()
    assert assert_problem(answer, 503, "database-unavailable")["code"] == "database-locked"
    assert seconds < ANSWER_SECONDS
    assert survivor.patch(address, json={"title": "b"}).status_code == 200
    assert breakable.sql(connections) == before


def test_database_that_only_reads_for_a_while_is_read(
    breakable: PostgresServer, survivor: httpx.Client
) -> None:
    """As during movedb: each write is refused with a reason, and the api stays ready."""
    task = survivor.post("/api/tasks", json={"title": "before"}).json()
    breakable.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    breakable.sql("SELECT pg_reload_conf()")
    try:
        until = time.monotonic() + 10
        while (refused := survivor.post("/api/tasks", json={"title": "late"})).status_code == 201:
            assert time.monotonic() < until
        assert "only reads now" in assert_problem(refused, 503, "database-unavailable")["detail"]
        assert survivor.get(f"/api/tasks/{task['id']}").json()["title"] == "before"
    finally:
        breakable.sql("ALTER SYSTEM RESET default_transaction_read_only")
        breakable.sql("SELECT pg_reload_conf()")
    while survivor.post("/api/tasks", json={"title": "after"}).status_code != 201:
        assert time.monotonic() < until + 10


def connects(replica: ApiProcess) -> int:
    return sum(line.get("message") == "database connected" for line in replica.log())


def test_reads_survive_the_loss_of_every_connection(
    breakable: PostgresServer, replica: ApiProcess, survivor: httpx.Client
) -> None:
    survivor.post("/api/tasks", json={"title": "a"})
    survived = losses = 0
    before = connects(replica)
    for _ in range(15):
        losses += 1
        # With a timeout it waits for each connection to end: the api notices one loss after another.
        breakable.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app'")
        answer, seconds = timed(lambda: survivor.get("/api/tasks"))
        if answer.status_code == 503 and seconds > RECONNECT_SECONDS:
            # A busy machine: the api had no new connection before its time was over.
            replica.wait_for("/readyz")
            continue
        assert answer.status_code == 200
        headers = {"Idempotency-Key": str(uuid4())}
        assert survivor.post("/api/tasks", json={"title": "b"}, headers=headers).status_code == 201
        survived += 1
        if survived == 5:
            break
    else:
        raise AssertionError(f"{survived} of 15 reads survived")
    assert connects(replica) - before <= losses, (
        "a loss that the watcher and a request both saw is mended once"
    )


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_recovery_under_load(
    breakable: PostgresServer, survivor: httpx.Client, end: str, show: Callable[[str], None]
) -> None:
    with Load(str(survivor.base_url), kinds=("write", "read")) as load:
        load.at_least(40)
        getattr(breakable, end)()
        time.sleep(2)
        assert wait.until(lambda: len(load.problems) > 50, 20)
        breakable.start()
        accepts = time.monotonic() - load.began
        time.sleep(2)
        load.at_least(len(load.requests) + 80)

    good = [one for one in load.requests if not one.problem]
    assert len(load.problems) > 50
    assert {one.status for one in load.problems} == {503}
    assert max(one.seconds for one in load.requests) < ANSWER_SECONDS
    recovery = min((one.ended for one in good if one.ended > accepts), default=float("inf")) - accepts
    show(f"{len(good)} good, {len(load.problems)} 503, first success {recovery:.2f} s after accepts")
    assert recovery < 1.5
    assert not [one for one in load.problems if one.ended > accepts + 1.5]
    comparison = load.ledger.compare(title for (title,) in breakable.sql("SELECT title FROM app.tasks"))
    assert comparison.agrees, comparison
    assert comparison.states[State.ACKNOWLEDGED] > 20
    assert comparison.states[State.FAILED] > 20


def test_old_idempotency_keys_are_forgotten(breakable: PostgresServer, survivor: httpx.Client) -> None:
    old, young = uuid4(), uuid4()
    for key in (old, young):
        made = survivor.post("/api/tasks", json={"title": "a"}, headers={"Idempotency-Key": str(key)})
        assert made.status_code == 201, made.text
    breakable.sql(
        "UPDATE app.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = %s", [old]
    )
    # A replica cleans up whenever it connects.
    breakable.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    until = time.monotonic() + 5
    while breakable.sql("SELECT FROM app.idempotency_keys WHERE key = %s", [old]):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert breakable.sql("SELECT FROM app.idempotency_keys WHERE key = %s", [young])
