"""A renewed certificate is told to the process that uses it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mcapp import wait
from mcapp_db import renewed

SAYS = """import signal, sys
signal.signal(signal.SIGHUP, lambda *_: print("again", flush=True))
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_each_change_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewed, "PAUSE_SECONDS", 0.01)
    certificate = tmp_path / "tls.crt"
    certificate.write_text("first")
    said: list[str] = []
    with subprocess.Popen([sys.executable, "-c", SAYS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        reader = threading.Thread(target=lambda: said.extend(process.stdout or ()))
        watcher = threading.Thread(target=renewed.watch, args=(certificate, process.pid))
        reader.start()
        watcher.start()
        for number, text in enumerate(("second", "third"), start=1):
            certificate.write_text(text)
            assert wait.until(lambda number=number: len(said) == number, 20, pause=0.01)  # type: ignore[misc]
        process.kill()
        process.wait()
        reader.join()
        # Without a process there is nobody to tell.
        certificate.write_text("fourth")
        watcher.join(20)
    assert not watcher.is_alive()
    assert said == ["again\n"] * 2
