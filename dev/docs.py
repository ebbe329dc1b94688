#!/usr/bin/env python3
"""Writes what is made from the code; `make docs` runs it.

These are chart/mcapp/README.md, from the comments in values.yaml, the tables of causes in docs/doctor.md and
docs/runbooks, and the catalogue of what argparse says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dev import ROOT, catalogue
from dev.kind.process import output
from dev.kind.programs import command
from mcapp.cli import parser, run
from mcapp.config import CHART
from mcapp.doctor.alerts import ALERTS
from mcapp.doctor.report.table import of_alert, table, written
from mcapp.errors import Exit
from mcapp.messages import Lang, announce

README = CHART / "README.md"
DOCTOR = ROOT / "docs" / "doctor.md"
RUNBOOKS: dict[Lang, Path] = {"en": ROOT / "docs" / "runbooks", "zh-TW": ROOT / "docs" / "runbooks" / "zh-TW"}
OPTIONS = ("--dry-run", "--sort-values-order", "file", "--log-level", "error")


def pages() -> dict[Path, bytes]:
    """Return each file, as it must be."""
    readme = output([command("helm-docs"), "--chart-search-root", CHART, *OPTIONS]).strip() + "\n"
    doctor = written(DOCTOR.read_text(), table())
    runbooks = {
        page: written(page.read_text(), of_alert(alert, lang)).encode()
        for lang, folder in RUNBOOKS.items()
        for alert in ALERTS
        for page in (folder / f"{alert}.md",)
    }
    return {
        README: readme.encode(),
        DOCTOR: doctor.encode(),
        **runbooks,
        catalogue.PATH: catalogue.compiled(),
    }


def main(arguments: Sequence[str]) -> Exit:
    """Write the files that changed; with --check, only compare them."""
    options = parser("python -m dev.docs", __doc__ or "", "python -m dev.docs --check")
    options.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    chosen = options.parse_args(arguments)

    made = pages().items()
    changed = {page: content for page, content in made if not page.exists() or page.read_bytes() != content}
    for page, content in changed.items():
        name = page.relative_to(ROOT)
        if chosen.check:
            announce(f"{name} does not match its source. Run `make docs`.")
        else:
            page.write_bytes(content)
            announce(f"Wrote {name}.")
    return Exit.DIFFERS if changed and chosen.check else Exit.OK


if __name__ == "__main__":
    run(main)
