"""A registry on loopback: a process of its own for each test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.kind.process import succeeds
from dev.kind.programs import command
from dev.local.ports import free_port
from mcapp import wait


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Where an empty registry answers: ``127.0.0.1:PORT``."""
    name = f"127.0.0.1:{free_port()}"
    store = tmp_path / "registry"
    store.mkdir()
    words: list[str | Path] = [command("crane"), "registry", "serve", "--address", name, "--disk", store]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            assert wait.until(lambda: succeeds([command("crane"), "catalog", name]), 20, pause=0.1)
            yield name
        finally:
            process.terminate()
