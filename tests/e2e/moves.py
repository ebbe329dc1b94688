"""Calls movedb on a release under writes, and kills it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from dev import ROOT
from dev.kind.programs import command
from mcapp.errors import Exit
from tests.e2e.lab import Lab


def words(lab: Lab, *arguments: str) -> list[str]:
    which = ("--namespace", lab.name, "--release", lab.name, "--helm", str(command("helm")), "--lang", "en")
    cluster = ("--kubeconfig", str(lab.up.cluster.kubeconfig), "--kubectl", str(command("kubectl")))
    values = ("--values", str(lab.folder / "values.yaml"), "--output", "json")
    return [sys.executable, str(ROOT / "scripts" / "movedb.py"), *arguments, *which, *cluster, *values]


def move(lab: Lab, *arguments: str, code: Exit = Exit.OK) -> Any:
    done = subprocess.run(words(lab, *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == Exit.OK else done.stderr


def killed(lab: Lab, at: str, *arguments: str, after: float = 0) -> None:
    """Run a move, and kill it with every process that it started, so long after it prints this step."""
    with subprocess.Popen(
        words(lab, *arguments), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith(f"==> {at}"):
                break
        else:
            pytest.fail(f"it never printed {at}: {''.join(said)}")
        time.sleep(after)
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def writing(lab: Lab) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Write through the api all the time.

    Yields the acknowledged titles, the statuses of the refused ones, and the titles whose pod ended
    meanwhile: the move replaces the api's pods, too.
    """
    taken: list[str] = []
    refused: list[str] = []
    unknown: list[str] = []
    over = threading.Event()
    code = (
        "import json,sys,urllib.request as u\n"
        "for line in sys.stdin:\n"
        " try:\n"
        "  body=json.dumps({'title':line.strip()}).encode()\n"
        "  r=u.Request('http://localhost:8000/api/tasks',body,{'content-type':'application/json'})\n"
        "  print(u.urlopen(r,timeout=20).status,flush=True)\n"
        " except Exception as e: print(getattr(e,'code',repr(e)),flush=True)\n"
    )
    ask = ("exec", "-i", f"deploy/{lab.prefix}api", "--", "python", "-c", code)

    def write() -> None:
        number = 0
        while not over.is_set():
            # The pipe of a pod that has ended breaks once more when it is closed.
            with suppress(BrokenPipeError), lab.release.start(*ask) as client:
                assert client.stdin
                assert client.stdout
                status = "none yet"
                while status and not over.is_set():
                    number += 1
                    try:
                        client.stdin.write(f"w{number}\n")
                        client.stdin.flush()
                        status = client.stdout.readline().strip()
                    except BrokenPipeError:
                        status = ""
                    if status == "201":
                        taken.append(f"w{number}")
                    elif status.isdigit():
                        refused.append(status)
                    else:
                        unknown.append(f"w{number}")
                    time.sleep(0.05)
                client.kill()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield taken, refused, unknown
    finally:
        over.set()
        thread.join(20)


def titles(lab: Lab) -> list[str]:
    return lab.server.shell.sql("SELECT title FROM app.tasks ORDER BY id;", "appdb")


def read_only(lab: Lab) -> bool:
    return lab.server.shell.sql("SHOW default_transaction_read_only;") == ["on"]
