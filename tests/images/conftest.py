"""The machine that images are copied to, and a k3s here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ssh_machine
from tests.support.ssh_machine import Machine


@pytest.fixture(scope="session")
def running() -> Iterator[Machine]:
    with ssh_machine.running() as machine:
        yield machine


@pytest.fixture
def machine(
    running: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Machine:
    """Return the machine without images or copies; this one has a k3s as well."""
    running.use(re.sub("[^a-z0-9]+", "-", request.node.name.lower())[:60].strip("-"))
    for user in ssh_machine.USERS:
        for file in running.cache(user).glob("*"):
            file.unlink()
    monkeypatch.setenv("PATH", f"{running.folder}/bin:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return running
