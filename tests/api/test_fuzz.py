"""Unforeseen requests: schemathesis over the OpenAPI document, and bodies far above the limit."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dev import ROOT
from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from tests.api.problem import assert_problem

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

MIB = 2**20
LIMIT = 64 * 1024
# The first two hold each operation to each rule of its schema; the others look for what nobody thought of.
QUICK = ("examples", "coverage")
PHASES = (*QUICK, "fuzzing", "stateful")


def schemathesis(
    url: str, folder: Path, phases: tuple[str, ...]
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run schemathesis over the document at `url`, and return the finished process and its report."""
    report = folder / "report.json"
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--no-color"),
            *("--config-file", str(ROOT / "tests/api/schemathesis.toml"), "run", url),
            *("--phases", ",".join(phases), "--report", "json", "--report-json-path", str(report)),
        ],
        # schemathesis stores what it learns in a run in its working folder.
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}


@pytest.mark.parametrize(
    ("phases", "cases"),
    [(QUICK, 100), pytest.param(PHASES, 300, marks=pytest.mark.thorough)],
    ids=["quick", "all"],
)
def test_every_answer_is_documented(
    api: ApiProcess, postgres: PostgresServer, tmp_path: Path, phases: tuple[str, ...], cases: int
) -> None:
    # The same ids in every run, whatever ran before.
    postgres.sql("TRUNCATE app.tasks, app.idempotency_keys RESTART IDENTITY")
    address = f"{api.url}/api/openapi.json"
    done, report = schemathesis(address, tmp_path, phases)
    assert done.returncode == 0, done.stdout + done.stderr
    documented = sum(len(methods) for methods in plain_http.get(address).json()["paths"].values())
    assert report["operations"]["tested"] == documented
    assert {name: report["phases"][name]["status"] for name in phases} == dict.fromkeys(phases, "success")
    assert report["test_cases"]["generated"] > cases


def resident(api: ApiProcess, field: str) -> int:
    """Return the memory of the process in bytes; `field` is VmRSS, or VmHWM for its peak."""
    status = Path(f"/proc/{api.process.pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith(f"{field}:")]
    return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def frugal(api: ApiProcess) -> Iterator[None]:
    """Fail where the process has grown by more than a part of one of the module's bodies."""
    # 5 resets VmHWM to the present use.
    Path(f"/proc/{api.process.pid}/clear_refs").write_text("5", encoding="ascii")
    before = resident(api, "VmRSS")
    yield
    grown = resident(api, "VmHWM") - before
    assert grown < 4 * MIB, f"the api grew by {grown / MIB:.1f} MiB"


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    size=st.integers(LIMIT + 1, 10 * MIB) | st.integers(5 * MIB, 10 * MIB),
    piece=st.sampled_from([1024, LIMIT, MIB]),
    filler=st.sampled_from([b" ", b"x", b"[", b"\x00"]),
    method=st.sampled_from(["POST", "PATCH"]),
    declared=st.booleans(),
)
@example(size=10 * MIB, piece=LIMIT, filler=b" ", method="POST", declared=False)
@example(size=10 * MIB, piece=LIMIT, filler=b" ", method="PATCH", declared=True)
def test_a_body_far_too_large_is_refused_at_once(
    client: httpx.Client,
    frugal: None,  # noqa: ARG001
    size: int,
    piece: int,
    filler: bytes,
    method: str,
    declared: bool,
) -> None:
    def pieces() -> Iterator[bytes]:
        for start in range(0, size, piece):
            yield filler * min(piece, size - start)

    headers = {"Content-Type": "application/json", **({"Content-Length": str(size)} if declared else {})}
    address = "/api/tasks" if method == "POST" else "/api/tasks/1"
    began = time.monotonic()
    response = client.request(method, address, content=pieces(), headers=headers)
    assert_problem(response, 413, "body-too-large")
    assert response.headers["connection"] == "close"
    assert time.monotonic() - began < 2
