"""The doctor, called as a user calls it until it names the cause that a test expects.

MCAPP_DOCTOR_RECORD names a folder for new recordings.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev import ROOT
from dev.kind.docker import client
from dev.kind.programs import command
from dev.kind.release import Release
from mcapp import wait
from mcapp.doctor.walk import diagnose
from tests.support.doctor_recording import Recorder, RecordingKubectl

# A Secret is in the pods after up to two minutes, and api looks at its certificate once in another.
SECONDS = 240


def doctor(release: Release, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command as a user does; return its exit code and its JSON."""
    which = ("--kubectl", str(command("kubectl")), "--kubeconfig", str(release.cluster.kubeconfig))
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "doctor.py"), *which, "--output", "json", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report


def wait_for_cause(release: Release, cause: str | None, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the doctor until it names the cause: Kubernetes itself needs a moment to notice a fault.

    Returns the exit code and the JSON of the last run, whatever its cause.
    """
    code = 0
    report: dict[str, Any] = {}

    def named() -> bool:
        nonlocal code, report
        code, report = doctor(release, *arguments)
        return bool(report["cause"] == cause)

    wait.until(named, SECONDS, pause=1)
    return code, report


def run_remedy(release: Release, commands: list[dict[str, str]]) -> list[str]:
    """Run a remedy's commands literally, each on its machine; return what each of them printed.

    A kind node has no sudo, and its shell is root's.
    """
    folders = os.pathsep.join(str(command(program).parent) for program in ("kubectl", "helm"))
    env = {**os.environ, **release.cluster.env(), "PATH": f"{folders}{os.pathsep}{os.environ['PATH']}"}
    printed = []
    for one in commands:
        words = ["sh", "-c", one["command"]]
        if one["on"]:
            words = [client(), "exec", one["on"], "sh", "-c", one["command"].replace("sudo ", "")]
        done = subprocess.run(words, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        printed.append(f"$ {one['command']}\n{done.stdout}{done.stderr}({done.returncode})")
    return printed


def record(release: Release, cause: str, arguments: tuple[str, ...] = ()) -> None:
    """Write what the doctor reads now as the recording of a cause, if MCAPP_DOCTOR_RECORD is set."""
    if "MCAPP_DOCTOR_RECORD" not in os.environ:
        return
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    kubectl = RecordingKubectl(str(command("kubectl")), str(release.cluster.kubeconfig))
    namespace = given.get("--namespace", release.namespace)
    recorder = Recorder(kubectl, namespace, given.get("--release", release.name))
    diagnose(recorder, 0)
    recorder.write(Path(os.environ["MCAPP_DOCTOR_RECORD"]) / cause / "recording.json")
