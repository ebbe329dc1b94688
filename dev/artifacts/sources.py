"""A copy of the sources, in which the chart names the images that a registry serves."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from dev import ROOT
from dev.kind.process import output
from mcapp.errors import FailedError

# The images of ours, by their values.
TIERS = {"web": "web", "api": "api", "db": "db.ha"}


def copy_tracked(folder: Path) -> None:
    """Copy the working tree into a folder, as far as git knows of it."""
    for name in output(["git", "-C", ROOT, "ls-files", "-z"]).split("\0"):
        if name and (ROOT / name).exists():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)


def stage(folder: Path, registry: str, epoch: int) -> Path:
    """Copy what git knows of the working tree into a folder, all of it of one time; return the folder.

    Raises:
        UserError: the chart has no such values.

    """
    copy_tracked(folder)
    if registry:
        _publish_from(folder / "chart" / "mcapp", registry)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (epoch, epoch))
    return folder


def _publish_from(chart: Path, registry: str) -> None:
    """Let the chart's defaults name images of this registry.

    The values keep their comments, so they are changed as text.
    """
    for name, value in TIERS.items():
        _replace(
            chart / "values.yaml",
            rf'registry: ""(\n *#[^\n]*\n *repository: mcapp/{name}\n)',
            rf"registry: {registry}\1",
        )
        _replace(
            chart / "README.md",
            rf'(\| {re.escape(value)}\.image\.registry \| string \| )`""`',
            rf'\1`"{registry}"`',
        )
        _replace(chart / "Chart.yaml", rf"(image: )(mcapp/{name}:)", rf"\1{registry}/\2")


def _replace(path: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, by, path.read_text())
    if count != 1:
        raise FailedError(f"{path.name} has {count} times {pattern!r}, and once is expected.")
    path.write_text(text)
