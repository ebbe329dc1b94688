"""The versions of everything that is built or pulled, from pyproject.toml, and the cache folder."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from dev import ROOT
from mcapp.config import CHART
from mcapp.errors import UserError

IMAGES = ROOT / "images"
CLUSTER = "mcapp"


@cache
def _pyproject() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def versions() -> dict[str, Any]:
    """Return the table [tool.mcapp] of pyproject.toml, with every version that is built or pulled."""
    table: dict[str, Any] = _pyproject()["tool"]["mcapp"]
    return table


def requirements(name: str) -> list[str]:
    """Return the pinned packages of one of our images: ``api`` or ``db``."""
    group: list[str] = _pyproject()["dependency-groups"][name]
    return group


def image(name: str) -> str:
    """Return the reference by which its user pulls an image, such as ``postgres:16``."""
    reference: str = versions()["images"][name]
    return reference


@cache
def app_version() -> str:
    """Return the chart's appVersion, the tag of our images.

    Raises:
        UserError: Chart.yaml has none.

    """
    for line in (CHART / "Chart.yaml").read_text().splitlines():
        if line.startswith("appVersion:"):
            return line.split(":", 1)[1].strip().strip('"')
    raise UserError(f"{CHART / 'Chart.yaml'} has no appVersion.")


def cache_dir() -> Path:
    """Return the folder of everything that is built once: $MCAPP_CACHE, else mcapp in the user's cache."""
    if own := os.environ.get("MCAPP_CACHE"):
        return Path(own).resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mcapp"


def digest(*inputs: str | Path) -> str:
    """Return 16 hex digits that change when a text, a file, or any file below a folder changes."""
    total = hashlib.sha256()
    for item in inputs:
        if isinstance(item, str):
            total.update(f"text {len(item)}\0{item}".encode())
            continue
        for file in sorted(_files(item)):
            content = file.read_bytes()
            mode = file.stat().st_mode & 0o111
            total.update(f"file {file.relative_to(ROOT)} {mode:o} {len(content)}\0".encode() + content)
    return total.hexdigest()[:16]


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return (file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
