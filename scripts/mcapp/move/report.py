"""Shows a move: its plan and its result, as sentences for a reader or as JSON for programs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mcapp import cli
from mcapp.errors import Exit
from mcapp.messages import Text, pad, translate
from mcapp.move import words
from mcapp.move.state import STEPS, Move

_STEP_WIDTH = 12


def plan(move: Move, asked: argparse.Namespace) -> None:
    """Show what is done already, and what is left."""
    to = words.PLAN_TO(volume=move.new, node=move.target) if move.new else words.PLAN_TO_NEW(node=move.target)
    which = {"release": asked.release, "namespace": asked.namespace}
    head = (
        words.PLAN(was=move.was, topology=move.topology, **which),
        words.PLAN_FROM(node=move.source, volume=move.old),
        to,
    )
    lines = [*map(translate, head), *_steps(move), translate(words.PLAN_WRITES())]
    # A program that reads JSON gets one document on standard output: the result.
    print("\n".join(lines), flush=True, file=sys.stderr if asked.output == "json" else sys.stdout)


def _steps(move: Move) -> list[str]:
    done = translate(words.PLAN_DONE())
    lines = []
    for number, name in enumerate(STEPS, 1):
        mark, title = pad(done if name in move.done else "", 4), translate(words.STEP[name]())
        doing = translate(words.PLAN_STEP[name](source=move.source, target=move.target))
        lines.append(f"  {number} {mark} {pad(title, _STEP_WIDTH)} {doing}")
    return lines


def result(asked: argparse.Namespace, *sentences: Text, **document: Any) -> Exit:
    """Show a result: sentences, or for programs a document."""
    if asked.output == "json":
        cli.emit_json(document)
    else:
        print(*map(translate, sentences), sep="\n")
    return Exit.OK


def moved(move: Move, values: Path, asked: argparse.Namespace) -> Exit:
    """Show where the database is now."""
    return result(
        asked,
        words.MOVED(node=move.target, seconds=f"{move.seconds:.1f}"),
        words.MOVED_VALUES(file=str(values)),
        words.MOVED_KEPT(volume=move.old, node=move.source),
        **places(move),
        writesStoppedSeconds=move.seconds,
        values=str(values),
    )


def places(move: Move) -> dict[str, str]:
    """Return the places of a move, as every JSON document about it has them."""
    return {"source": move.source, "target": move.target, "topology": move.topology, "kept": move.old}
