"""A real PostgreSQL with a real api, for the tests of what the doctor finds in a database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp.doctor.read.snapshot import Snapshot
from tests.support.doctor_recording import load, replay


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer({"max_prepared_transactions": "5"}) as made:
        yield made


@pytest.fixture(scope="module")
def api(server: PostgresServer) -> Iterator[ApiProcess]:
    with ApiProcess(server.environment) as process:
        process.wait_for("/readyz")
        yield process


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """A release whose database has the name of the server's."""
    return replay(load("healthy")).snapshot()
