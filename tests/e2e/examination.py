"""The doctor as a user calls it, until it names what a test expects.

MCAPP_DOCTOR_RECORD names a folder for new recordings.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dev import ROOT
from dev.kind.programs import command
from mcapp.doctor.walk import diagnose
from tests.e2e.faults import NAMESPACE, Bench
from tests.support.doctor_recording import Recorder, RecordingKubectl

SECONDS = 90


def doctor(bench: Bench, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command as a user does; its exit code and its JSON."""
    which = ("--kubectl", str(command("kubectl")), "--kubeconfig", str(bench.cluster.kubeconfig))
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "doctor.py"), *which, "--output", "json", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def until(bench: Bench, cause: str | None, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the doctor until it names the cause: Kubernetes itself needs a moment to notice a fault."""
    deadline = time.monotonic() + SECONDS
    while True:
        code, found = doctor(bench, *arguments)
        if found["cause"] == cause or time.monotonic() > deadline:
            return code, found
        time.sleep(1)


def record(bench: Bench, cause: str, arguments: tuple[str, ...]) -> None:
    """Keep what the doctor reads now as the recording of a cause, where that is asked for."""
    if "MCAPP_DOCTOR_RECORD" not in os.environ:
        return
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    kubectl = RecordingKubectl(str(command("kubectl")), str(bench.cluster.kubeconfig))
    recorder = Recorder(kubectl, given.get("--namespace", NAMESPACE), given.get("--release", "mcapp"))
    diagnose(recorder, 0)
    recorder.write(Path(os.environ["MCAPP_DOCTOR_RECORD"]) / cause / "recording.json")
