"""The table of causes for the documentation; `PYTHONPATH=scripts python -m mcapp.doctor.table` writes it."""

from __future__ import annotations

import re

from dev import ROOT
from mcapp.doctor.causes import CAUSES

START, END = "<!-- causes -->", "<!-- end of causes -->"


def table() -> str:
    """Return the causes as a Markdown table, in the order of the layers' table."""
    rows = ["| layer | cause | what it means | what to do |", "| --- | --- | --- | --- |"]
    for cause, entry in CAUSES.items():
        meaning, remedy = (_plain(sentence) for sentence in (entry.problem[0], entry.remedy[0]))
        rows.append(f"| {entry.layer} | `{cause}` | {meaning} | {remedy} |")
    return "\n".join(rows)


def _plain(sentence: str) -> str:
    """Mark what is filled in: {node} becomes *node*."""
    return re.sub(r"\{(\w+)\}", r"*\1*", sentence)


def main() -> None:
    """Write the table between its marks in docs/doctor.md."""
    page = ROOT / "docs" / "doctor.md"
    before, _, rest = page.read_text().partition(START)
    page.write_text(f"{before}{START}\n{table()}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
