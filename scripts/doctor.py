#!/usr/bin/env python3
"""Find the first broken link of an installed release: its layer, the cause, the evidence, the remedy."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mcapp import cli
from mcapp.cli import Exit
from mcapp.config import NAMESPACE, RELEASE
from mcapp.doctor import fix as mend
from mcapp.doctor import words
from mcapp.doctor.finding import Diagnosis
from mcapp.doctor.read.reader import Reader
from mcapp.doctor.report import text as tell
from mcapp.doctor.report.page import page
from mcapp.doctor.walk import SETTLE_SECONDS, diagnose
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import LANGS, Lang, Problem, from_environment, say

SETTLE = """how long a release that is just changing gets to settle before a fault that may pass by itself is
told (default: %(default)s; 0: one look only)"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = cli.parser("doctor.py", __doc__ or "", "python scripts/doctor.py -n mcapp")
    add = parser.add_argument
    add("-n", "--namespace", default=NAMESPACE, help="of the release (default: %(default)s)")
    add("--release", default=RELEASE, help="name of the release (default: %(default)s)")
    add("--output", choices=("text", "json"), default="text", help="how the diagnosis is shown")
    add("--report", metavar="FILE", type=Path, help="write it as one HTML page, too")
    add("--lang", choices=LANGS, help="default: by the locale; the report then has both languages")
    add("--settle", metavar="SECONDS", type=float, default=SETTLE_SECONDS, help=SETTLE)
    add = parser.add_argument_group("mending").add_argument
    add("--fix", action="store_true", help="run the remedy if it is a safe one, after asking")
    add("--yes", action="store_true", help="with --fix: do not ask")
    add = parser.add_argument_group("which cluster").add_argument
    add("--kubeconfig", metavar="FILE", default="", help="passed to kubectl")
    add("--context", default="", help="passed to kubectl")
    add("--kubectl", metavar="COMMAND", default="kubectl", help="the kubectl to call (default: %(default)s)")
    add("--timeout", metavar="SECONDS", type=int, default=20, help="for each answer (default: %(default)s)")
    asked = parser.parse_args(arguments)
    if asked.yes and not asked.fix:
        parser.error("--yes is for --fix")
    return asked


def main(arguments: Sequence[str]) -> Exit:
    """Diagnose, mend if asked to, show; DIFFERS if a fault is left, UserError without a cluster."""
    asked = options(arguments)
    lang: Lang = asked.lang or from_environment(os.environ)
    reader = Reader(
        Kubectl(asked.kubectl, asked.kubeconfig, asked.context, asked.timeout), asked.namespace, asked.release
    )
    try:
        found = work(asked, reader, lang)
    except Problem as error:
        raise cli.UserError(say(error.problem, lang), remedy(error, lang), error.code) from None
    if asked.report:
        write(asked.report, found, reader, (asked.lang,) if asked.lang else LANGS, lang)
    return Exit.DIFFERS if found.finding else Exit.OK


def work(asked: argparse.Namespace, reader: Reader, lang: Lang) -> Diagnosis:
    """Diagnose and show; with --fix, mend and diagnose once more."""
    found = diagnose(reader, asked.settle)
    if asked.fix and not found.finding:
        print(tell.say(words.FIX_NOTHING, lang), file=sys.stderr)
    elif asked.fix and found.finding and mend.mend(found.finding, reader.kubectl, lang, yes=asked.yes):
        found = diagnose(reader, asked.settle)
    if asked.output == "json":
        cli.emit_json(tell.document(found, reader.kubectl, lang))
    else:
        print("\n".join(tell.lines(found, reader.kubectl, lang)))
    return found


def write(path: Path, found: Diagnosis, reader: Reader, langs: tuple[Lang, ...], lang: Lang) -> None:
    """Write the report."""
    made: datetime = reader.now()
    try:
        path.write_text(page(found, reader.kubectl, langs, made), encoding="utf-8")
        print(tell.say(words.REPORTED, lang, file=str(path)), file=sys.stderr)
    except OSError as error:
        problem = tell.say(words.UNWRITABLE, lang, file=str(path), why=error.strerror or str(error))
        raise cli.UserError(problem, tell.say(words.UNWRITABLE_REMEDY, lang)) from None


def remedy(error: Problem, lang: Lang) -> str:
    """Return what to do; where the advice is to work from a file, the doctor has none to give."""
    if error.remedy.key == "kube.unreachable.remedy":
        return tell.say(words.START, lang)
    return say(error.remedy, lang)


if __name__ == "__main__":
    cli.run(main)
