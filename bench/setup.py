#!/usr/bin/env python3
"""Measures the two set-up commands, the install and the images, and writes docs/measured.md.

`cold` starts without a virtual environment and with an empty cache: the user's own cache, which it keeps,
where none exists yet, else a folder that it deletes afterwards. `warm` uses the existing cache. Both start
without a cluster. Each run replaces the rows that it measures, and leaves the others as they are.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import httpx

from dev import ROOT
from dev.kind.cluster import existing
from dev.kind.images import app_images, node_image, size_mib
from dev.kind.images.source import choose_source
from dev.kind.process import output
from dev.kind.release import Release
from dev.kind.versions import CLUSTER, cache_dir
from mcapp import wait
from mcapp.cli import parser, run
from mcapp.config import CHART, NODE_PORT
from mcapp.errors import Exit, FailedError
from mcapp.shell import TOOLS

DATA = ROOT / "docs" / "measured.json"
PAGE = ROOT / "docs" / "measured.md"
ROUNDS = 5
INSTALL_SECONDS = 300
AIMS = {
    "make up, cold": 480,
    "make up, warm, no cluster": 60,
    "make up again": 5,
    "make test, warm": 15 * 60,
    "make test-rest, warm": 45 * 60,
    "make test-all, warm": 60 * 60,
}


def main(arguments: Sequence[str]) -> Exit:
    """Run one measurement and write its rows."""
    options = parser("python -m bench.setup", __doc__ or "", "python -m bench.setup warm")
    options.add_argument("what", choices=MEASUREMENTS, help="what to measure")
    chosen = options.parse_args(arguments)
    _write(MEASUREMENTS[chosen.what]())
    return Exit.OK


def _cold() -> dict[str, float | str]:
    with tempfile.TemporaryDirectory(prefix="mcapp-cold-", dir="/var/tmp") as made:
        new = ("up", f"VENV={made}/venv")
        env = {"PIP_NO_CACHE_DIR": "1"}
        if not cache_dir().exists():
            return {"make up, cold": _make(*new, **env)}
        _make("down")
        env["MCAPP_CACHE"] = f"{made}/cache"
        try:
            return {"make up, cold": _make(*new, **env)}
        finally:
            _make("down", **env)


def _warm() -> dict[str, float | str]:
    _make("down")
    return {"make up, warm, no cluster": _make("up"), "make up again": _make("up")}


def _test() -> dict[str, float | str]:
    return {"make test, warm": _make("test")}


def _rest() -> dict[str, float | str]:
    return {"make test-rest, warm": _make("test-rest")}


def _test_all() -> dict[str, float | str]:
    return {"make test-all, warm": _make("test-all")}


def _house() -> dict[str, float | str]:
    """Count the lines of code of each wing, and the modules of each floor, as git has them."""
    rows: dict[str, float | str] = {}
    for wing, patterns in WINGS.items():
        files = output(["git", "-C", ROOT, "ls-files", *patterns]).splitlines()
        lines = sum(len((ROOT / file).read_text().splitlines()) for file in files)
        rows[f"{wing}: files, lines"] = f"{len(files)}, {lines}"
    return rows


def _install() -> dict[str, float | str]:
    """Time `helm install` to the first row, on the running cluster, each time on a new volume."""
    release = Release(existing(CLUSTER))
    seconds = sorted(_seconds_to_first_row(release) for _ in range(ROUNDS))
    source = choose_source("auto")
    rows: dict[str, float | str] = {"helm install to the first row": seconds[ROUNDS // 2]}
    rows["helm install to the first row, spread"] = f"{seconds[0]:.1f}-{seconds[-1]:.1f} s"
    for item in app_images(source).values():
        rows[f"image {item.reference}"] = f"{size_mib(item.local):.0f} MiB"
    if node := node_image(source):
        rows["image of a kind node"] = f"{size_mib(node):.0f} MiB"
    return rows


def _seconds_to_first_row(release: Release) -> float:
    if release.exists():
        release.helm("uninstall", "--wait")
    release.cluster.kubectl("delete", "namespace", release.namespace, "--ignore-not-found", "--wait")
    values = ("--values", ROOT / "values-multi.yaml", "--create-namespace", "--wait")
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        install = pool.submit(release.helm, "install", CHART, *values)
        wait.until(lambda: _writes() or _failed(install), INSTALL_SECONDS, pause=0.1)
        seconds = time.monotonic() - started
    install.result()
    return seconds


def _failed(install: Future[str]) -> bool:
    return install.done() and install.exception() is not None


def _writes() -> bool:
    try:
        page = f"http://127.0.0.1:{NODE_PORT}/api/tasks"
        return httpx.post(page, json={"title": "first"}, timeout=1).status_code == 201
    except httpx.TransportError:
        return False


def _make(*arguments: str, **env: str) -> float:
    started = time.monotonic()
    done = subprocess.run(["make", *arguments], cwd=ROOT, env={**os.environ, **env}, check=False)
    if done.returncode:
        raise FailedError(f"make {arguments[0]} failed.", "Its output stands above.")
    return time.monotonic() - started


def _write(rows: dict[str, float | str]) -> None:
    known = json.loads(DATA.read_text()) if DATA.exists() else {}
    today = datetime.now(UTC).date().isoformat()
    revision = output(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"])
    for name, value in rows.items():
        shown = value if isinstance(value, str) else f"{value:.1f} s"
        known[name] = {"value": shown, "date": today, "revision": revision}
    DATA.write_text(json.dumps(known, indent=2) + "\n")
    cpu = (
        f"{os.cpu_count()} cores, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    )
    lines = [
        "# Measured",
        "",
        f"Written by `python -m bench.setup {'|'.join(MEASUREMENTS)}` on {platform.machine()}, {cpu}, images",
        "built here. Install to the first row is the median of five rounds, each on a new volume.",
        "",
        "| what | measured | aim | date | revision |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in known.items():
        seconds = AIMS.get(name, 20 if name == "helm install to the first row" else None)
        aim = f"{seconds} s" if seconds else ""
        lines.append(f"| {name} | {row['value']} | {aim} | {row['date']} | {row['revision']} |")
    PAGE.write_text("\n".join(lines) + "\n")


# What is counted: the floors from the top to the ground, then what they read as data.
WINGS = {
    "tests": ("tests/*.py",),
    "bench": ("bench/*.py",),
    "dev": ("dev/*.py",),
    "scripts, the tools": tuple(f"scripts/mcapp/{tool}/*.py" for tool in TOOLS),
    "scripts, kube": ("scripts/mcapp/kube/*.py",),
    "scripts, the ground": (":(glob)scripts/mcapp/*.py", ":(glob)scripts/*.py"),
    "src, Python": ("src/*.py",),
    "src/web": ("src/web/*.js", "src/web/*.css", "src/web/*.html"),
    "chart, templates and files": ("chart/mcapp/templates/*", "chart/mcapp/files/*"),
}
MEASUREMENTS = {
    "cold": _cold,
    "warm": _warm,
    "test": _test,
    "rest": _rest,
    "test-all": _test_all,
    "install": _install,
    "house": _house,
}


if __name__ == "__main__":
    run(main)
