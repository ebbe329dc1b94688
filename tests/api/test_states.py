"""A database that answers, but whose operator has locked, renamed, forbidden or closed something."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp_api.database.reasons import Code
from tests.api.contract import ANSWER_SECONDS, Contract
from tests.api.problem import assert_problem

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

# Under which the 5 connections of a replica do not fit.
FEW = 3


@pytest.fixture
def client(replica: ApiProcess) -> Iterator[httpx.Client]:
    """A client of the replica, which must be ready before the test and after it; no request ends in 500."""
    contract = Contract(plain_http.get(f"{replica.url}/api/openapi.json").json())
    replica.wait_for("/readyz")
    hooks: dict[str, list[Callable[..., Any]]] = {"response": [contract.check]}
    with plain_http.Client(base_url=replica.url, timeout=10, event_hooks=hooks) as made:
        yield made
    replica.wait_for("/readyz", seconds=5)
    assert [line for line in replica.log() if line["message"] == "request failed"] == []


def admin(server: PostgresServer, *statements: str) -> None:
    """Run statements as the superuser, from a database that no test closes."""
    conninfo = psycopg.conninfo.make_conninfo(server.admin_conninfo, dbname="postgres")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def changed(server: PostgresServer, done: str, undone: str) -> Iterator[None]:
    server.sql(done)
    try:
        yield
    finally:
        server.sql(undone)


@contextmanager
def lock(server: PostgresServer, mode: str) -> Iterator[None]:
    with psycopg.connect(server.admin_conninfo) as holder:
        holder.execute(f"LOCK TABLE app.tasks IN {mode} MODE".encode())
        yield
        holder.rollback()


@contextmanager
def login_changed(server: PostgresServer, done: str, undone: str) -> Iterator[None]:
    """Change what only new connections notice, and end the old ones."""
    admin(
        server,
        done,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app'",
    )
    try:
        yield
    finally:
        admin(server, undone)


def timed(request: Callable[[], httpx.Response]) -> httpx.Response:
    began = time.monotonic()
    answer = request()
    assert time.monotonic() - began < ANSWER_SECONDS
    return answer


def wait_for_code(replica: ApiProcess, code: Code) -> None:
    """Wait until the replica has noticed that its connections are gone, and says why it gets no other."""
    told = wait.until(lambda: replica.wait_for("/readyz", 503).json().get("code") == code, 10, pause=0.05)
    assert told, replica.wait_for("/readyz", 503).text


def assert_unusable(answer: httpx.Response, code: Code) -> None:
    """Assert the problem of this code, which is a kind of its own for `schema`."""
    if code is Code.SCHEMA:
        assert_problem(answer, 503, "schema-mismatch")
    else:
        assert assert_problem(answer, 503, "database-unavailable")["code"] == code


def writes(client: httpx.Client) -> dict[str, Callable[[], httpx.Response]]:
    return {
        "add": lambda: client.post("/api/tasks", json={"title": "a"}),
        "add once": lambda: client.post(
            "/api/tasks",
            json={"title": "a"},
            headers={"Idempotency-Key": "0" * 8 + "-0000-4000-8000-" + "0" * 12},
        ),
        "change": lambda: client.patch("/api/tasks/1", json={"done": True}),
        "delete": lambda: client.delete("/api/tasks/1", headers={"If-Match": '"1"'}),
    }


def reads(client: httpx.Client) -> dict[str, Callable[[], httpx.Response]]:
    return {
        "list": lambda: client.get("/api/tasks"),
        # Through FastAPI, not through the short way.
        "list done": lambda: client.get("/api/tasks?done=true&unknown=1"),
        "one": lambda: client.get("/api/tasks/1"),
    }


def assert_state(client: httpx.Client, code: Code) -> None:
    """Assert that everything of a client is refused with this code, and that topology and readyz say it."""
    for ask in (*reads(client).values(), *writes(client).values()):
        assert_unusable(timed(ask), code)
    topology = timed(lambda: client.get("/api/topology"))
    assert topology.status_code == 200
    assert (topology.json()["db"]["up"], topology.json()["db"]["code"]) == (False, code)
    assert_unusable(timed(lambda: client.get("/readyz")), code)
    # The kubelet must not take the replica away: it tells the page what is wrong.
    assert client.get("/readyz?exclude=db").status_code == 200
    assert client.get("/healthz").status_code == 200


OBJECTS = {
    "rights": (
        ("REVOKE ALL ON app.tasks FROM app", "GRANT ALL ON app.tasks TO app"),
        Code.PERMISSION_DENIED,
    ),
    "column rights": (
        (
            "REVOKE ALL ON app.tasks FROM app; GRANT SELECT (id, done) ON app.tasks TO app",
            "REVOKE ALL ON app.tasks FROM app; GRANT ALL ON app.tasks TO app",
        ),
        Code.PERMISSION_DENIED,
    ),
    "rights on the schema": (
        ("REVOKE ALL ON SCHEMA app FROM app", "GRANT ALL ON SCHEMA app TO app"),
        # PostgreSQL looks for a table only in the schemas that the role may use.
        Code.TABLE_MISSING,
    ),
    "table": (
        ("ALTER TABLE app.tasks RENAME TO gone", "ALTER TABLE app.gone RENAME TO tasks"),
        Code.TABLE_MISSING,
    ),
    "schema": (("ALTER SCHEMA app RENAME TO gone", "ALTER SCHEMA gone RENAME TO app"), Code.TABLE_MISSING),
    "column": (
        (
            "ALTER TABLE app.tasks RENAME COLUMN title TO gone",
            "ALTER TABLE app.tasks RENAME COLUMN gone TO title",
        ),
        Code.SCHEMA,
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_what_the_api_reads_is_forbidden_or_gone(
    breakable: PostgresServer, client: httpx.Client, name: str
) -> None:
    client.post("/api/tasks", json={"title": "a"})
    (done, undone), code = OBJECTS[name]
    with changed(breakable, done, undone):
        assert_state(client, code)
    assert client.get("/api/tasks").status_code == 200


def test_a_schema_that_is_gone_is_gone_for_new_connections_too(
    breakable: PostgresServer, replica: ApiProcess, client: httpx.Client
) -> None:
    with (
        changed(breakable, *OBJECTS["schema"][0]),
        login_changed(breakable, "SELECT 1", "SELECT 1"),
    ):
        wait_for_code(replica, Code.TABLE_MISSING)
        assert_state(client, Code.TABLE_MISSING)


@pytest.mark.parametrize("name", ["list", "add"])
def test_a_locked_table_is_named(breakable: PostgresServer, client: httpx.Client, name: str) -> None:
    ask = {**reads(client), **writes(client)}[name]
    with lock(breakable, "ACCESS EXCLUSIVE"):
        if name == "list":
            assert_state(client, Code.DATABASE_LOCKED)
        # More requests than connections: all of them hear of the lock, none of its consequence.
        with ThreadPoolExecutor(12) as threads:
            for answer in threads.map(lambda _: timed(ask), range(12)):
                assert_unusable(answer, Code.DATABASE_LOCKED)
    assert timed(ask).is_success


def test_a_lock_against_writes_leaves_reads(breakable: PostgresServer, client: httpx.Client) -> None:
    with lock(breakable, "SHARE"):
        assert_unusable(timed(writes(client)["add"]), Code.DATABASE_LOCKED)
        assert client.get("/api/tasks").status_code == 200
        assert client.get("/api/topology").json()["db"]["up"] is True


def test_a_lock_on_what_only_the_housekeeping_needs_keeps_nobody_out(
    breakable: PostgresServer, replica: ApiProcess, client: httpx.Client
) -> None:
    with psycopg.connect(breakable.admin_conninfo) as holder:
        holder.execute("LOCK TABLE app.idempotency_keys")
        with login_changed(breakable, "SELECT 1", "SELECT 1"):
            replica.wait_for("/readyz", seconds=5)
            assert client.get("/api/tasks").status_code == 200
        holder.rollback()


LOGINS = {
    "role closed": ("ALTER ROLE app NOLOGIN", "ALTER ROLE app LOGIN", Code.LOGIN_DISABLED),
    "role full": (
        "ALTER ROLE app CONNECTION LIMIT 0",
        "ALTER ROLE app CONNECTION LIMIT -1",
        Code.CONNECTION_LIMIT,
    ),
    "role nearly full": (
        f"ALTER ROLE app CONNECTION LIMIT {FEW}",
        "ALTER ROLE app CONNECTION LIMIT -1",
        Code.CONNECTION_LIMIT,
    ),
    "database full": (
        "ALTER DATABASE appdb CONNECTION LIMIT 0",
        "ALTER DATABASE appdb CONNECTION LIMIT -1",
        Code.CONNECTION_LIMIT,
    ),
    "database closed": (
        "ALTER DATABASE appdb ALLOW_CONNECTIONS false",
        "ALTER DATABASE appdb ALLOW_CONNECTIONS true",
        Code.LOGIN_DISABLED,
    ),
    "database forbidden": (
        "REVOKE CONNECT ON DATABASE appdb FROM app",
        "GRANT CONNECT ON DATABASE appdb TO app",
        Code.PERMISSION_DENIED,
    ),
}


@pytest.mark.parametrize("name", LOGINS)
def test_a_login_that_is_refused(
    breakable: PostgresServer, replica: ApiProcess, client: httpx.Client, name: str
) -> None:
    done, undone, code = LOGINS[name]
    with login_changed(breakable, done, undone):
        wait_for_code(replica, code)
        assert_state(client, code)


def test_a_role_that_only_reads_goes_on_reading(
    breakable: PostgresServer, replica: ApiProcess, client: httpx.Client
) -> None:
    done, undone = (f"ALTER ROLE app {one}" for one in ("SET {0} = on", "RESET {0}"))
    setting = "default_transaction_read_only"
    with login_changed(breakable, done.format(setting), undone.format(setting)):
        # It connects anew, although it may not forget old keys.
        replica.wait_for("/readyz", seconds=5)
        assert client.get("/api/tasks").status_code == 200
        assert client.get("/api/topology").json()["db"]["up"] is True
        for ask in writes(client).values():
            assert_unusable(timed(ask), Code.READ_ONLY)
    admin(breakable, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app'")


def test_a_trigger_that_takes_too_long_or_refuses(breakable: PostgresServer, client: httpx.Client) -> None:
    client.post("/api/tasks", json={"title": "a"})
    for body, code in (
        ("PERFORM pg_sleep(5); RETURN NEW;", Code.TIMEOUT),
        ("RAISE EXCEPTION 'not today';", Code.OTHER),
        ("PERFORM 1;", Code.SCHEMA),
        ("NEW.id := 1 / 0; RETURN NEW;", Code.SCHEMA),
    ):
        function = f"CREATE FUNCTION app.odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        trigger = "CREATE TRIGGER odd BEFORE INSERT ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.odd()"
        with changed(breakable, f"{function}; {trigger}", "DROP FUNCTION app.odd() CASCADE"):
            assert_unusable(timed(writes(client)["add"]), code)
