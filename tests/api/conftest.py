"""One PostgreSQL and one replica for the tests that break neither of them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from tests.api.contract import Contract


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    identity = {
        "mcapp.pod": "db-0",
        "mcapp.node": "node-db",
        "mcapp.node_address": "192.168.1.200",
        "mcapp.node_labels": "disk=fast,example.org/db=,role=database",
        "mcapp.volume": "postgres-pvc",
        "mcapp.volume_size": "5Gi",
    }
    with PostgresServer(identity) as server:
        yield server


@pytest.fixture(scope="module")
def breakable() -> Iterator[PostgresServer]:
    """A server for one module, to stop, kill and freeze."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def replica(breakable: PostgresServer) -> Iterator[ApiProcess]:
    """A replica that lives through every test of the module."""
    with ApiProcess(breakable.environment) as process:
        process.wait_for("/readyz")
        yield process


@pytest.fixture(scope="session")
def api(postgres: PostgresServer) -> Iterator[ApiProcess]:
    with ApiProcess(postgres.environment) as process:
        process.wait_for("/readyz")
        yield process


@pytest.fixture(scope="session")
def client(api: ApiProcess) -> Iterator[httpx.Client]:
    """A client that checks every answer by the OpenAPI document."""
    contract = Contract(plain_http.get(f"{api.url}/api/openapi.json").json())
    with plain_http.Client(base_url=api.url, timeout=10, event_hooks={"response": [contract.check]}) as made:
        yield made


@pytest.fixture
def no_tasks(postgres: PostgresServer, api: ApiProcess) -> None:  # noqa: ARG001
    """Empty the tables."""
    postgres.sql("TRUNCATE app.tasks, app.idempotency_keys")
