from __future__ import annotations

import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import uuid4

import httpx
import psycopg
import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait
from tests.api.problem import assert_problem

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_drain_under_load_loses_nothing(postgres: PostgresServer) -> None:
    """As in a rollout: one of two replicas gets SIGTERM, and still gets requests for a moment."""
    environment = {**postgres.environment, "MCAPP_DRAIN_SECONDS": "3"}
    with ApiProcess(environment) as leaving, ApiProcess(environment) as staying:
        for api in (leaving, staying):
            api.wait_for("/readyz")
        endpoints = [leaving.url, staying.url]
        over, draining = threading.Event(), threading.Event()
        answers: list[tuple[str, httpx.Response, bool]] = []

        def load(_: int) -> None:
            with plain_http.Client(timeout=10) as client:
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

        def late() -> list[httpx.Response]:
            return [answer for url, answer, known in tuple(answers) if url == leaving.url and known]

        with ThreadPoolExecutor(4) as threads, ExitStack() as stack:
            stack.callback(over.set)
            workers = [threads.submit(load, number) for number in range(4)]
            assert wait.until(lambda: len(answers) > 40, 20)
            leaving.terminate()
            assert_problem(leaving.wait_for("/readyz", 503, seconds=2), 503, "draining")
            draining.set()
            # As the nodes' tables do: drop the endpoint a moment after the signal.
            assert wait.until(lambda: len(late()) > 20, 2)
            endpoints.remove(leaving.url)
            assert leaving.process.wait(10) == 0
            count = len(answers)
            assert wait.until(lambda: len(answers) > count + 20, 20)
            over.set()
            for worker in workers:
                worker.result()

        assert {answer.status_code for _, answer, _ in answers} == {200, 201}
        assert {answer.headers.get("connection") for answer in late()} == {"close"}
        assert not [1 for url, answer, _ in answers if url == staying.url and "connection" in answer.headers]


def test_request_in_flight_is_answered(postgres: PostgresServer) -> None:
    with ApiProcess(postgres.environment) as api, ThreadPoolExecutor() as threads:
        api.wait_for("/readyz")
        address = plain_http.post(f"{api.url}/api/tasks", json={"title": "a"}).headers["location"]
        with psycopg.connect(postgres.admin_conninfo) as holder:
            holder.execute("SELECT FROM app.tasks FOR UPDATE")
            waiting = threads.submit(plain_http.request, "PATCH", api.url + address, json={"title": "b"})
            blocked = "SELECT FROM pg_stat_activity WHERE usename = 'app' AND wait_event_type = 'Lock'"
            assert wait.until(lambda: postgres.sql(blocked), 5, pause=0.02)
            api.terminate()
            assert wait.until(lambda: not _listens(api.port), 5, pause=0.02)
            holder.rollback()
        assert waiting.result().json()["title"] == "b"
        assert api.process.wait(10) == 0


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    "signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM], [signal.SIGTERM, signal.SIGINT]]
)
def test_stop_at_once(postgres: PostgresServer, signals: list[signal.Signals]) -> None:
    with ApiProcess({**postgres.environment, "MCAPP_DRAIN_SECONDS": "60"}) as api:
        api.wait_for("/readyz")
        for number in signals[:-1]:
            api.process.send_signal(number)
            assert_problem(api.wait_for("/readyz", 503), 503, "draining")
        api.process.send_signal(signals[-1])
        assert api.process.wait(15) == 0


def test_stop_without_a_database(postgres: PostgresServer) -> None:
    with ApiProcess({**postgres.environment, "PGPASSWORD": "wrong"}) as api:
        api.terminate()
        assert api.process.wait(15) == 0
