"""Find the first broken link of an installed release: its layer, the cause, the evidence, the remedy."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from mcapp import cli
from mcapp.cli import told
from mcapp.doctor import fix, words
from mcapp.doctor.finding import Diagnosis
from mcapp.doctor.read.reader import Reader
from mcapp.doctor.report import text
from mcapp.doctor.report.page import page
from mcapp.doctor.walk import SETTLE_SECONDS, diagnose
from mcapp.errors import Exit, UserError
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import LANGS, Lang, announce, language, translate
from mcapp.options import number


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's options."""
    cli.output_options(options)
    cli.cluster_options(options)
    add = options.add_argument
    add("--report", metavar="FILE", type=Path, help=told(words.REPORT))
    settle = number("--settle", 0, 3600)
    add("--settle", metavar="SECONDS", type=settle, default=SETTLE_SECONDS, help=told(words.SETTLE))
    add = options.add_argument_group(told(words.FIXING)).add_argument
    add("--fix", action="store_true", help=told(words.FIX))
    add("--yes", action="store_true", help=told(words.YES))
    options.set_defaults(refuse=options.error)


def work(asked: argparse.Namespace) -> Exit:
    """Diagnose, run the remedy if asked to, report; DIFFERS if a fault is left."""
    if asked.yes and not asked.fix:
        asked.refuse(translate(words.YES_ALONE()))
    kubectl = Kubectl.of(asked)
    reader = Reader(kubectl, asked.namespace, asked.release)
    diagnosis = _diagnosed(asked, reader)
    lang = language()
    if asked.output == "json":
        cli.emit_json(text.document(diagnosis, kubectl, lang))
    else:
        print("\n".join(text.lines(diagnosis, kubectl, lang)))
    if asked.report:
        write(asked.report, diagnosis, reader, (asked.lang,) if asked.lang else LANGS)
    return Exit.DIFFERS if diagnosis.finding else Exit.OK


def _diagnosed(asked: argparse.Namespace, reader: Reader) -> Diagnosis:
    """Diagnose; with --fix, run the remedy and diagnose once more."""
    diagnosis = diagnose(reader, asked.settle)
    if asked.fix and not diagnosis.finding:
        announce(words.FIX_NOTHING())
    elif asked.fix and diagnosis.finding and fix.fix(diagnosis.finding, reader.kubectl, yes=asked.yes):
        diagnosis = diagnose(reader, asked.settle)
    return diagnosis


def write(path: Path, diagnosis: Diagnosis, reader: Reader, langs: tuple[Lang, ...]) -> None:
    """Write the report."""
    made: datetime = reader.now()
    try:
        path.write_text(page(diagnosis, reader.kubectl, langs, made), encoding="utf-8")
    except OSError as error:
        problem = words.UNWRITABLE(file=str(path), why=error.strerror or str(error))
        raise UserError(problem, words.UNWRITABLE_REMEDY()) from None
    announce(words.REPORTED(file=str(path)))


TOOL = cli.Tool("doctor", words.PURPOSE, "-n mcapp", add_options, work)
