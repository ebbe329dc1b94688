"""An external PostgreSQL: behind TLS, and with a role that init.sql did not make."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.authority import Authority
from dev.local.postgres import PostgresServer
from tests.support.tls import Front

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def front(postgres: PostgresServer, authority: Authority) -> Iterator[Front]:
    with Front(postgres.port, authority.issue("localhost")) as started:
        yield started


def environment(postgres: PostgresServer, host: str, port: int, query: str) -> dict[str, str]:
    url = f"postgresql://{host}:{port}/{postgres.database}?{query}"
    return {**postgres.environment, "DATABASE_URL": url}


def refusal(api: ApiProcess) -> tuple[str, str]:
    """Return the code and the reason of the api's failure to use its database."""
    until = time.monotonic() + 20
    while True:
        api.wait_for("/healthz")
        db = plain_http.get(f"{api.url}/api/topology").json()["db"]
        if "has not reached" not in db["reason"] or time.monotonic() > until:
            return db["code"], db["reason"]
        time.sleep(0.05)


def test_the_api_works_over_tls_that_it_verifies(
    postgres: PostgresServer, front: Front, authority: Authority
) -> None:
    query = f"sslmode=verify-full&sslrootcert={authority.certificate}"
    with ApiProcess(environment(postgres, "localhost", front.port, query)) as api:
        api.wait_for("/readyz")
        made = plain_http.post(f"{api.url}/api/tasks", json={"title": "over TLS"})
        assert made.status_code == 201
        assert postgres.sql("SELECT title FROM app.tasks WHERE id = %s", [made.json()["id"]]) == [
            ("over TLS",)
        ]


# Host and TLS parameters that do not suit the server, and a part of the api's reason.
UNLUCKY = {
    "ca": ("localhost", "sslmode=verify-ca&sslrootcert={other}", "is not from the CA given"),
    "name": ("127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", "is for another address"),
    "file": ("localhost", "sslmode=verify-ca&sslrootcert=/none", "CA's certificate given cannot be read"),
    "none": ("localhost", "sslmode=require", "offers no TLS, which sslmode asks for"),
}


@pytest.fixture(scope="module")
def unlucky(
    postgres: PostgresServer, front: Front, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, ApiProcess]]:
    """Start one replica for each entry of UNLUCKY, all at once."""
    files = {"ca": authority.certificate, "other": Authority(tmp_path_factory.mktemp("other")).certificate}
    with ExitStack() as stack:
        processes = {}
        for name, (host, query, _) in UNLUCKY.items():
            port = postgres.port if name == "none" else front.port
            processes[name] = ApiProcess(environment(postgres, host, port, query.format(**files)))
            stack.callback(processes[name].stop)
        yield processes


@pytest.mark.parametrize("name", UNLUCKY)
def test_tls_that_does_not_fit_is_a_reason(unlucky: dict[str, ApiProcess], name: str) -> None:
    api, part = unlucky[name], UNLUCKY[name][2]
    code, reason = refusal(api)
    assert code == "tls"
    assert part in reason
    # The log has the same reason.
    logged = [line["reason"] for line in api.log() if line["message"] == "database unavailable"]
    assert logged[-1] == reason


@pytest.fixture
def role(breakable: PostgresServer) -> Iterator[dict[str, str]]:
    """A role and a database that a teacher makes by hand; yields the api's environment."""
    breakable.sql("CREATE ROLE lab LOGIN PASSWORD 'lab'")
    breakable.sql('CREATE DATABASE "lab-3"')
    url = f"postgresql://127.0.0.1:{breakable.port}/lab-3"
    yield {"DATABASE_URL": url, "PGUSER": "lab", "PGPASSWORD": "lab"}
    breakable.sql('DROP DATABASE "lab-3" WITH (FORCE)')
    breakable.sql("DROP ROLE lab")


def _in_the_database(server: PostgresServer, statement: str) -> None:
    conninfo = psycopg.conninfo.make_conninfo(server.admin_conninfo, dbname="lab-3")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_the_owner_of_the_database_needs_nothing_else(
    breakable: PostgresServer, role: dict[str, str]
) -> None:
    breakable.sql('ALTER DATABASE "lab-3" OWNER TO lab')
    with ApiProcess(role) as api:
        api.wait_for("/readyz")
        assert plain_http.post(f"{api.url}/api/tasks", json={"title": "mine"}).status_code == 201


def test_a_role_with_a_schema_of_its_own_needs_nothing_else(
    breakable: PostgresServer, role: dict[str, str]
) -> None:
    with ApiProcess(role) as api:
        code, reason = refusal(api)
        assert code == "permission-denied"
        assert reason.startswith(
            "the database user lacks a permission it needs: permission denied for schema"
        )
        _in_the_database(breakable, "CREATE SCHEMA lab AUTHORIZATION lab")
        # The api gets ready without a restart once it has the permission.
        api.wait_for("/readyz", seconds=10)
        assert plain_http.post(f"{api.url}/api/tasks", json={"title": "mine"}).status_code == 201


def test_a_role_without_any_schema_is_a_reason(breakable: PostgresServer, role: dict[str, str]) -> None:
    _in_the_database(breakable, "DROP SCHEMA public")
    with ApiProcess(role) as api:
        code, reason = refusal(api)
        assert code == "table-missing"
        assert reason.startswith("the database user has no schema")
