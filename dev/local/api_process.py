"""The api as a process: `python -m mcapp_api` on a free port of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import httpx

from dev import ROOT
from dev.local import plain_http
from dev.local.ports import free_port
from mcapp import wait
from mcapp.errors import FailedError

# Long: a test run may share its two cores with a cluster.
_START_SECONDS = 60.0
_LINE_SECONDS = 5.0


class ApiProcess:
    """One replica. `environment` has the variables that the chart sets, such as `PostgresServer.environment`.

    It starts at once. As a context manager it serves when the block begins, and stops at its end.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mcapp_api"],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "src/api"),
                "POD_NAME": "api-test",
                "NODE_NAME": "node-test",
                "NODE_ADDRESS": "192.168.1.101",
                "MCAPP_DRAIN_SECONDS": "0",
                "MCAPP_PORT": str(self.port),
                **environment,
            },
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> ApiProcess:
        self.wait_for("/healthz")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_for(self, path: str, status: int = 200, seconds: float = _START_SECONDS) -> httpx.Response:
        """Request `path` until the answer has this status, and return that answer.

        Raises:
            UserError: the process ends, or the time is over.

        """
        last = ""

        def answered() -> httpx.Response | None:
            nonlocal last
            if self.process.poll() is not None:
                raise FailedError(f"The api ended with {self.process.returncode}:\n{self.output()}")
            try:
                response = plain_http.get(self.url + path, timeout=5)
            except httpx.TransportError as error:
                last = repr(error)
                return None
            last = response.text
            return response if response.status_code == status else None

        response = wait.until(answered, seconds, pause=0.02)
        if response is None:
            raise FailedError(f"{path} did not answer {status} within {seconds} s, but: {last}")
        return response

    def output(self) -> str:
        """Return what the process has written so far."""
        # pread does not move the offset at which the process writes.
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode()

    def log(self) -> list[dict[str, Any]]:
        """Return its log: a document for each line."""
        return [json.loads(line) for line in self.output().splitlines()]

    def line_of(self, request_id: str) -> dict[str, Any]:
        """Return the log line of one request, which is written a moment after its answer.

        Raises:
            UserError: it is not there within five seconds.

        """

        def lines() -> list[dict[str, Any]]:
            return [line for line in self.log() if line.get("request_id") == request_id]

        if not (written := wait.until(lines, _LINE_SECONDS, pause=0.01)):
            raise FailedError(f"The log has no line of request {request_id}.")
        (line,) = written
        return line

    def terminate(self) -> None:
        """Send SIGTERM, as the kubelet does."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """End the process if it still runs, and return its exit code."""
        self.terminate()
        try:
            return self.process.wait(_START_SECONDS)
        finally:
            self.process.kill()
            self._log.close()
