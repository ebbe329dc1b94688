"""The doctor's probe and its questions beside a real PostgreSQL and api, and its remedies run there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from dev import ROOT
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp.doctor.checks import logs
from mcapp.doctor.finding import Finding
from mcapp.doctor.read import facts
from mcapp.doctor.read.probe import Tasks
from mcapp.doctor.read.reader import Answer, probe
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.read.view import View
from mcapp.doctor.report import text

BACK_SECONDS = 40
DONE = {"read": 200, "write": 201, "change": 200, "remove": 204}
END_APP = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app'"


def probed(server: PostgresServer, api: ApiProcess, **asked: Any) -> dict[str, Any]:
    """Return what the probe prints beside a replica of the api."""
    at = ("127.0.0.1", api.port)
    ask = {"names": [], "tcp": {}, "http": {}, "tasks": {"api": at}, "login": {}, **asked}
    env = {**os.environ, **server.environment, "PYTHONPATH": str(ROOT / "src" / "api")}
    done = subprocess.run(
        [sys.executable, "-c", probe(), json.dumps(ask)], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def steps(found: dict[str, Any]) -> dict[str, int]:
    """Return the status of each step that the probe tried."""
    return {step: answer.get("status", 0) for step, answer in found["tasks"]["api"].items()}


def told(server: PostgresServer) -> dict[str, Any]:
    """Return the facts as the script in db's pod prints them."""
    ask = f'set -- "$ONE" "$TWO"; {facts.SCRIPT}'
    where = {"POSTGRES_PASSWORD": server.superuser_password, "POSTGRES_DB": server.database}
    done = server.script(ask, **where, ONE=facts.SERVER, TWO=facts.INSIDE)
    lines = done.stdout.decode().splitlines()
    assert lines, done.stderr
    return facts.parsed(lines)


def told_as_app(server: PostgresServer) -> dict[str, Any]:
    """Return the facts as a pod of the api prints them for an external database."""
    done = subprocess.run(
        [sys.executable, "-c", facts.AS_APP, f"{facts.SERVER};{facts.INSIDE}"],
        env={**os.environ, **server.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return facts.parsed(done.stdout.splitlines())


def examined(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, known: dict[str, Any] | None = None
) -> Finding | None:
    """Return the fault that the doctor finds by its probe and its questions."""
    at = {"readyz": ("127.0.0.1", api.port, "/readyz")}
    view = View(None, probed(server, api, http=at))
    answer = Answer(told(server) if known is None else known)
    return next(logs.check(snapshot, view, Answer([]), answer), None)


def found(
    about: str,
    server: PostgresServer,
    api: ApiProcess,
    snapshot: Snapshot,
    facts_of: Callable[[PostgresServer], dict[str, Any]] | None = None,
) -> Finding:
    """Return the fault that the doctor finds, as soon as it says so: a busy machine needs time."""
    seen: list[Finding | None] = []

    def told_so() -> bool:
        seen.append(examined(server, api, snapshot, facts_of(server) if facts_of else None))
        return bool(re.search(about, said(seen[-1])))

    assert wait.until(told_so, BACK_SECONDS, pause=0.2), (about, [said(one) for one in seen])
    return seen[-1] or Finding("healthy")


def said(finding: Finding | None) -> str:
    """Return the cause, and what is wrong in English."""
    return f"{finding.cause}: {text.problem(finding, 'en')}" if finding else "healthy"


def mend(server: PostgresServer, finding: Finding) -> None:
    """Run the remedy's commands as they would run in db's pod."""
    where = {"POSTGRES_PASSWORD": server.superuser_password, "POSTGRES_DB": server.database}
    for step in finding.steps:
        shell, *words = step.kubectl[step.kubectl.index("--") + 3 :]
        quoted = " ".join(f'"$W{number}"' for number in range(1, len(words)))
        given = {f"W{number}": word for number, word in enumerate(words)}
        done = server.script(f"set -- {quoted}; {shell}", **where, **given)
        assert done.returncode == 0, done.stderr


def works(api: ApiProcess) -> bool:
    """Whether a task goes through all its steps, each with its effect."""
    tasks = Tasks("127.0.0.1", api.port, lambda _: None)
    tasks.run()
    done = {step: answer.get("status") for step, answer in tasks.steps.items()} == DONE
    return done and not any(answer.get("vain") for answer in tasks.steps.values())
