"""The three tiers on this machine, without Kubernetes: real nginx, real api, real PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Self

from dev import ROOT
from dev.local import plain_http
from dev.local.nginx import Web
from dev.local.ports import free_port
from dev.local.postgres import PostgresServer

_START_SECONDS = 20.0
NODES = {"lab-1": "192.168.1.100", "lab-2": "192.168.1.101", "lab-3": "192.168.1.200"}


class Api:
    """One api pod on a free port of 127.0.0.1."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = free_port()
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process has been started."""
        return self._process is not None

    def start(self, pod: str = "api-6c9f7d8b5f-aaaaa", node: str = "lab-2") -> None:
        """Start it under a pod's name; return before it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mcapp_api"],
            cwd=ROOT / "src/api",
            env={
                "PATH": os.environ["PATH"],
                "MCAPP_PORT": str(self.port),
                "MCAPP_DRAIN_SECONDS": "0",
                "MCAPP_LOG_LEVEL": "ERROR",
                "POD_NAME": pod,
                "NODE_NAME": node,
                "NODE_ADDRESS": NODES[node],
                **self._environment,
            },
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, such as SIGSTOP to freeze it."""
        assert self._process
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it by SIGKILL."""
        assert self._process
        self._process.kill()
        self._process.wait()
        self._process = None


class Stack:
    """web -> api -> db. `db_up` and `web_up` are false where a test has stopped the tier."""

    def __init__(self) -> None:
        self.db = PostgresServer(
            {
                "mcapp.pod": "db-0",
                "mcapp.node": "lab-3",
                "mcapp.node_address": NODES["lab-3"],
                "mcapp.node_labels": "disk=fast,role=database",
                "mcapp.volume": "postgres-pvc",
                "mcapp.volume_size": "5Gi",
            }
        )
        self.api = Api(self.db.environment)
        self.web = Web(
            f"127.0.0.1:{self.api.port}",
            POD_NAME="web-5d8c7b9f4d-wwwww",
            NODE_NAME="lab-1",
            NODE_ADDRESS=NODES["lab-1"],
        )
        self.db_up = False
        self.web_up = False

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.web.close()
        if self.api.running:
            self.api.kill()
        self.db.close()

    def stop_db(self) -> None:
        """Stop the database as Kubernetes does."""
        self.db.stop()
        self.db_up = False

    def stop_web(self) -> None:
        """Stop nginx."""
        self.web.stop()
        self.web_up = False

    def mend(self) -> None:
        """Start each tier that is down, and return when every tier answers."""
        if not self.db_up:
            self.db.start()
            self.db_up = True
        if not self.api.running:
            self.api.start()
        if not self.web_up:
            self.web.start()
            self.web_up = True
        until = time.monotonic() + _START_SECONDS
        while True:
            answer = plain_http.get(f"{self.web.url}/api/topology")
            if answer.is_success and answer.json()["db"]["up"]:
                return
            if time.monotonic() > until:
                raise RuntimeError(f"the stack does not answer: {answer.text}\n{self.web.log}")
            time.sleep(0.05)

    def fill(self, number: int) -> None:
        """Make the table hold `Task 1` to `Task <number>`, every third one done, and nothing else."""
        self.db.sql("TRUNCATE app.tasks, app.idempotency_keys RESTART IDENTITY")
        self.db.sql(
            "INSERT INTO app.tasks (title, done)"
            " SELECT 'Task ' || i, i %% 3 = 0 FROM generate_series(1, %s) AS i",
            [number],
        )

    def titles(self) -> list[str]:
        """Return the stored titles, newest first."""
        return [title for (title,) in self.db.sql("SELECT title FROM app.tasks ORDER BY id DESC")]
