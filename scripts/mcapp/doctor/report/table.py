"""The table of causes in the documentation."""

from __future__ import annotations

import re

from mcapp.doctor.causes import CAUSES
from mcapp.doctor.report.text import TOOLS

START, END = "<!-- causes -->", "<!-- end of causes -->"


def table() -> str:
    """Return the causes as a Markdown table, in the order of the layers."""
    rows = ["| layer | cause | what it means | what to do |", "| --- | --- | --- | --- |"]
    for cause, entry in CAUSES.items():
        meaning, remedy = (_marked(sentence.en) for sentence in (entry.problem, entry.remedy))
        rows.append(f"| {entry.layer} | `{cause}` | {meaning} | {remedy} |")
    return "\n".join(rows)


def written(page: str) -> str:
    """Return a page of the documentation with the table between its marks."""
    before, _, rest = page.partition(START)
    return f"{before}{START}\n{table()}\n{END}{rest.partition(END)[2]}"


def _marked(sentence: str) -> str:
    """Mark what is filled in: {node} becomes *node*, the name of a tool its command."""
    for tool in TOOLS:
        sentence = sentence.replace(f"{{{tool}}}", f"`mcapp {tool}`")
    # Of one and several, the form for one.
    single = re.sub(r"\{\w+:([^|}]*)\|[^}]*\}", r"\1", sentence)
    return re.sub(r"\{(\w+)\}", r"*\1*", single)
