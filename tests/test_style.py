"""The linters, each as one test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dev import ROOT
from dev.kind.programs import command
from mcapp.config import CHART

BIN = Path(sys.executable).parent


def _tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def _shell() -> list[str]:
    scripts = _tracked("*.sh", "images/node/files/usr/local/bin/*", ".ci/run")
    assert len(scripts) > 3
    return scripts


def _yaml() -> list[str]:
    files = [
        name for name in _tracked("*.yaml", "*.yml") if "/templates/" not in name and "/fixtures/" not in name
    ]
    assert len(files) > 3
    return files


LINTERS: dict[str, Callable[[], list[str | Path]]] = {
    "ruff format": lambda: [BIN / "ruff", "format", "--check", "."],
    "ruff check": lambda: [BIN / "ruff", "check", "."],
    "mypy": lambda: [BIN / "mypy"],
    "yamllint": lambda: [BIN / "yamllint", "--strict", "--config-file", "chart/lintconf.yaml", *_yaml()],
    "shellcheck": lambda: [BIN / "shellcheck", *_shell()],
    "actionlint": lambda: [
        command("actionlint"),
        "-shellcheck",
        BIN / "shellcheck",
        *_tracked(".github/workflows/*"),
    ],
    "zizmor": lambda: [BIN / "zizmor", "--offline", "--quiet", ".github"],
    "pre-commit": lambda: [BIN / "pre-commit", "validate-config"],
    "ct lint": lambda: [command("ct"), "lint", "--config", "ct.yaml", "--charts", CHART],
}


@pytest.mark.parametrize("name", LINTERS)
def test_nothing_to_complain_of(name: str) -> None:
    done = subprocess.run(
        [str(part) for part in LINTERS[name]()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
