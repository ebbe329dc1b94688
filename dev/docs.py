#!/usr/bin/env python3
"""Writes chart/mcapp/README.md from the comments in values.yaml; `make docs` runs it."""

from __future__ import annotations

from collections.abc import Sequence

from dev.kind.process import output
from dev.kind.programs import command
from mcapp.cli import parser, run
from mcapp.config import CHART
from mcapp.errors import Exit
from mcapp.messages import announce

README = CHART / "README.md"
OPTIONS = ("--dry-run", "--sort-values-order", "file", "--log-level", "error")


def main(arguments: Sequence[str]) -> Exit:
    """Write the file; with --check, only compare it."""
    options = parser("python -m dev.docs", __doc__ or "", "python -m dev.docs --check")
    options.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file differs")
    chosen = options.parse_args(arguments)

    text = output([command("helm-docs"), "--chart-search-root", CHART, *OPTIONS]).strip() + "\n"
    if README.exists() and README.read_text() == text:
        return Exit.OK
    if chosen.check:
        announce("chart/mcapp/README.md does not match values.yaml and README.md.gotmpl. Run `make docs`.")
        return Exit.DIFFERS
    README.write_text(text)
    announce("Wrote chart/mcapp/README.md.")
    return Exit.OK


if __name__ == "__main__":
    run(main)
