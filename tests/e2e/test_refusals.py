"""Wrong input that dev.up refuses before it creates anything: one sentence, a remedy, a non-zero exit."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dev.local.ports import free_port
from tests.e2e.conftest import NAME, up

pytestmark = pytest.mark.slow


def _refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert not done.stdout


def test_a_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        # Another cluster than the suite's, which has its port already.
        refused = up("multi", port, "--cluster", f"{NAME}-2")
    _refused(refused, str(port), "is taken", "PORT=")


@pytest.mark.parametrize("port", ["80a", "0", "70000"])
def test_a_port_that_is_none(port: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dev.up", "--port", port],
        capture_output=True,
        text=True,
        check=False,
    )
    _refused(done, port, "1 to 65535")


def test_an_unknown_topology() -> None:
    _refused(up("single", free_port(), "--topology", "triple"), "triple", "multi")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_root_and_without_an_engine() -> None:
    code = "import os; from dev import up; os.setuid(65534); up.run(up.main)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    _refused(done, "No Docker engine answers you", "usermod -aG docker nobody")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(tmp_path)], check=True)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dev.up", "--port", str(free_port())],
            env={**os.environ, "MCAPP_CACHE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        _refused(done, "GiB free", "MCAPP_CACHE")
        assert {path.name for path in tmp_path.iterdir()} <= {"lock"}
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
