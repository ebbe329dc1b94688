from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import psycopg
import pytest

from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from tests.api.problem import assert_problem

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_drain_under_load_loses_nothing(postgres: PostgresServer) -> None:
    """As in a rollout: one of two replicas gets SIGTERM, and still gets requests for a moment."""
    environment = {**postgres.environment, "MCAPP_DRAIN_SECONDS": "1.5"}
    with ApiProcess(environment) as leaving, ApiProcess(environment) as staying:
        for api in (leaving, staying):
            api.wait_for("/readyz")
        endpoints = [leaving.url, staying.url]
        over, draining = threading.Event(), threading.Event()
        answers: list[tuple[str, httpx.Response, bool]] = []

        def load(_: int) -> None:
            with httpx.Client(timeout=10) as client:
                while not over.is_set():
                    for url in tuple(endpoints):
                        known = draining.is_set()
                        headers = {"Idempotency-Key": str(uuid4())}
                        answers.append((url, client.get(f"{url}/api/tasks"), known))
                        answers.append(
                            (
                                url,
                                client.post(f"{url}/api/tasks", json={"title": "a"}, headers=headers),
                                known,
                            )
                        )

        with ThreadPoolExecutor(4) as threads:
            workers = [threads.submit(load, number) for number in range(4)]
            time.sleep(0.5)
            leaving.terminate()
            assert_problem(leaving.wait_for("/readyz", 503, seconds=1), 503, "draining")
            draining.set()
            # As the nodes' tables do: drop the endpoint about a second after the signal.
            time.sleep(0.8)
            endpoints.remove(leaving.url)
            assert leaving.process.wait(10) == 0
            time.sleep(0.3)
            over.set()
            for worker in workers:
                worker.result()

        assert {answer.status_code for _, answer, _ in answers} == {200, 201}
        late = [answer for url, answer, known in answers if url == leaving.url and known]
        assert len(late) > 20
        assert {answer.headers.get("connection") for answer in late} == {"close"}
        assert not [1 for url, answer, _ in answers if url == staying.url and "connection" in answer.headers]


def test_request_in_flight_is_answered(postgres: PostgresServer) -> None:
    with ApiProcess(postgres.environment) as api, ThreadPoolExecutor() as threads:
        api.wait_for("/readyz")
        address = httpx.post(f"{api.url}/api/tasks", json={"title": "a"}).headers["location"]
        with psycopg.connect(postgres.admin_conninfo) as holder:
            holder.execute("SELECT FROM app.tasks FOR UPDATE")
            waiting = threads.submit(httpx.patch, api.url + address, json={"title": "b"})
            time.sleep(0.3)
            api.terminate()
            time.sleep(0.5)
            holder.rollback()
        assert waiting.result().json()["title"] == "b"
        assert api.process.wait(10) == 0


@pytest.mark.parametrize(
    "signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM], [signal.SIGTERM, signal.SIGINT]]
)
def test_stop_at_once(postgres: PostgresServer, signals: list[signal.Signals]) -> None:
    with ApiProcess({**postgres.environment, "MCAPP_DRAIN_SECONDS": "60"}) as api:
        for number in signals:
            api.process.send_signal(number)
            time.sleep(0.2)
        assert api.process.wait(2) == 0


def test_stop_without_a_database(postgres: PostgresServer) -> None:
    with ApiProcess({**postgres.environment, "PGPASSWORD": "wrong"}) as api:
        api.terminate()
        assert api.process.wait(3) == 0
