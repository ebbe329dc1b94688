"""The lock on a volume, held by real processes as the containers of two pods hold it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO

from mcapp.config import ROOT

HOLD = """
import sys
from pathlib import Path
from mcapp_db.volume import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(folder)]
    environment = {"PYTHONPATH": str(ROOT / "src" / "db")}
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line(stream: IO[str] | None) -> str:
    assert stream
    return stream.readline()


def test_a_second_container_waits_until_the_first_is_gone(tmp_path: Path) -> None:
    first = start(tmp_path)
    assert line(first.stdout) == "held\n"
    second = start(tmp_path)
    try:
        assert line(second.stdout).startswith("Waiting for the container")
        first.kill()
        assert line(second.stdout) == "held\n"
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()
