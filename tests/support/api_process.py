"""The api as a real process for tests: `python -m mcapp_api` on a free port of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

import httpx

from dev import ROOT
from tests.support.postgres import free_port

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
        """Poll `path` until it answers with `status`, and return that answer."""
        until = time.monotonic() + seconds
        answer: object = None
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the api ended with {self.process.returncode}:\n{self.output()}")
            try:
                response = httpx.get(self.url + path, timeout=5)
                if response.status_code == status:
                    return response
                answer = response.text
            except httpx.TransportError as error:
                answer = error
            time.sleep(0.02)
        raise TimeoutError(f"{path} did not answer {status} within {seconds} s, but: {answer}")

    def output(self) -> str:
        """Return what the process has written so far."""
        # pread does not move the offset at which the process writes.
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode()

    def log(self) -> list[dict[str, Any]]:
        """Return its log, line by line."""
        return [json.loads(line) for line in self.output().splitlines()]

    def line_of(self, request_id: str) -> dict[str, Any]:
        """Return the line of one request, which is written a moment after its answer."""
        until = time.monotonic() + _LINE_SECONDS
        while not (found := [line for line in self.log() if line.get("request_id") == request_id]):
            assert time.monotonic() < until, f"no line of {request_id}"
            time.sleep(0.01)
        (line,) = found
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
