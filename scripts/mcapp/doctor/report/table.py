"""The tables of causes in the documentation: that of all of them, and that of each alert."""

from __future__ import annotations

import re

from mcapp.doctor.alerts import ALERTS, alerts_of
from mcapp.doctor.causes import CAUSES
from mcapp.doctor.report.text import TOOLS
from mcapp.messages import LANGS, Lang, Words

START, END = "<!-- causes -->", "<!-- end of causes -->"
_HEAD = Words("| layer | cause | what it means |", "| 層 | 原因 | 代表什麼 |")
_NONE = Words("None: the doctor does not look at this.", "無：doctor 不檢查這一項。")


def table() -> str:
    """Return the causes as a Markdown table, in the order of the layers."""
    rows = ["| layer | cause | what it means | what to do | alerts |", "| --- | --- | --- | --- | --- |"]
    for cause, entry in CAUSES.items():
        meaning, remedy = (_marked(sentence.en) for sentence in (entry.problem, entry.remedy))
        alerts = ", ".join(f"[{alert}](runbooks/{alert}.md)" for alert in alerts_of(cause))
        rows.append(f"| {entry.layer} | `{cause}` | {meaning} | {remedy} | {alerts or '-'} |")
    return "\n".join(rows)


def of_alert(alert: str, lang: Lang) -> str:
    """Return the causes that may raise an alert as a Markdown table."""
    language = LANGS.index(lang)
    if not ALERTS[alert]:
        return _NONE[language]
    rows = [_HEAD[language], "| --- | --- | --- |"]
    for cause, entry in CAUSES.items():
        if cause in ALERTS[alert]:
            rows.append(f"| {entry.layer} | `{cause}` | {_marked(entry.problem[language])} |")
    return "\n".join(rows)


def written(page: str, made: str) -> str:
    """Return a page of the documentation with a table between its marks."""
    before, _, rest = page.partition(START)
    return f"{before}{START}\n{made}\n{END}{rest.partition(END)[2]}"


def _marked(sentence: str) -> str:
    """Mark what is filled in: {node} becomes *node*, the name of a tool its command."""
    for tool in TOOLS:
        sentence = sentence.replace(f"{{{tool}}}", f"`mcapp {tool}`")
    # Of one and several, the form for one.
    single = re.sub(r"\{\w+:([^|}]*)\|[^}]*\}", r"\1", sentence)
    return re.sub(r"\{(\w+)\}", r"*\1*", single)
