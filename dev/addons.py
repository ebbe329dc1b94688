#!/usr/bin/env python3
"""Runs the chart beside what a cluster may have, such as Prometheus; docs/addons.md shows what passed.

`make test-addons` runs it. Without arguments it runs everything in tests/addons; with arguments of pytest,
such as `tests/addons/test_autoscaling.py`, what they name, and the other rows of the page stay.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from dev import ROOT
from dev.kind import docker
from dev.kind.process import output
from dev.kind.versions import versions
from dev.test import prepare
from mcapp.cli import parser, run
from mcapp.errors import Exit

TESTS = ROOT / "tests" / "addons"
DATA, PAGE = ROOT / "docs" / "addons.json", ROOT / "docs" / "addons.md"
Rows = dict[str, dict[str, Any]]


class Recorder:
    """A plugin of pytest: keeps the result, the time and the figures of each test."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.rows: dict[str, Rows] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Keep the first line of each file's docstring."""
        text = getattr(getattr(item, "module", None), "__doc__", None) or item.path.name
        self.titles[item.path.name] = text.splitlines()[0].rstrip(".")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the phases of a test: set-up, call, teardown."""
        path, _, name = report.nodeid.partition("::")
        row = self.rows.setdefault(path.rpartition("/")[2], {}).setdefault(name, {"seconds": 0.0})
        row["seconds"] = round(row["seconds"] + report.duration, 1)
        if report.outcome != "passed" or report.when == "call":
            row["result"] = report.outcome
        row["figures"] = {str(key): str(value) for key, value in report.user_properties}


def main(arguments: Sequence[str]) -> Exit:
    """Run the tests, write the page, and say whether all passed."""
    options = parser("python -m dev.addons", __doc__ or "", "python -m dev.addons")
    options.add_argument("pytest", nargs="*", metavar="TEST", help="what to run (default: tests/addons)")
    chosen = options.parse_args(arguments)

    prepare()
    docker.ensure()
    recorder = Recorder()
    tests = chosen.pytest or [str(TESTS)]
    # One process: the tests share the cluster.
    status = pytest.main(["-m", "addons", "--numprocesses=0", f"--rootdir={ROOT}", *tests], [recorder])
    _write(recorder)
    return Exit.FAILED if status else Exit.OK


def _write(recorder: Recorder) -> None:
    """Replace the rows of the tests that ran, and drop those of tests that are no more."""
    known: dict[str, Any] = json.loads(DATA.read_text()) if DATA.exists() else {}
    today = datetime.now(UTC).date().isoformat()
    revision = output(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"])
    for file, rows in recorder.rows.items():
        part = known.setdefault(file, {"tests": {}})
        part["title"] = recorder.titles[file]
        for name, row in rows.items():
            part["tests"][name] = {**row, "date": today, "revision": revision}
    for file in list(known):
        text = (TESTS / file).read_text() if (TESTS / file).exists() else ""
        old = known[file]["tests"]
        known[file]["tests"] = {name: row for name, row in old.items() if f"def {_function(name)}(" in text}
        if not known[file]["tests"]:
            del known[file]
    DATA.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    PAGE.write_text("\n".join(_page(known)) + "\n")


def _page(known: dict[str, Any]) -> list[str]:
    lines = [
        "# Beside the programs that a cluster may have",
        "",
        "Written by `make test-addons`: the tests of [tests/addons](../tests/addons), as they last ran.",
        "",
        "| program | image |",
        "| --- | --- |",
        *(f"| {name} | {spec['reference']} |" for name, spec in sorted(versions()["addons"].items())),
    ]
    for file, part in sorted(known.items()):
        lines += ["", f"## {part['title']}", "", f"[{file}](../tests/addons/{file})", ""]
        lines += [
            "| what | result | seconds | figures | date | revision |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for name, row in part["tests"].items():
            figures = "; ".join(f"{key}: {value}" for key, value in row["figures"].items())
            what = name.removeprefix("test_").replace("_", " ")
            cells = (what, row["result"], f"{row['seconds']:.0f}", figures, row["date"], row["revision"])
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _function(name: str) -> str:
    return name.partition("[")[0]


if __name__ == "__main__":
    run(main)
