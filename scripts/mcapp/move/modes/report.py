"""Shows a move to another db.mode: its plan and its result."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mcapp.errors import Exit
from mcapp.messages import pad, translate
from mcapp.move import words as move_words
from mcapp.move.modes import words
from mcapp.move.modes.state import STEPS, Change
from mcapp.move.report import result

_STEP_WIDTH = 10


def plan(move: Change, asked: argparse.Namespace) -> None:
    """Show what is done already, and what is left."""
    head = words.PLAN(release=asked.release, namespace=asked.namespace, was=other(move), to=move.to)
    kept = words.PLAN_KEPT(claims=list(move.old))
    doing = words.PLAN_GROW if move.to == "ha" else words.PLAN_SHRINK
    lines = [translate(head), translate(kept)]
    for number, name in enumerate(STEPS, 1):
        mark = pad(translate(move_words.PLAN_DONE()) if name in move.done else "", 4)
        title = pad(translate(words.STEP[name]()), _STEP_WIDTH)
        lines.append(f"  {number} {mark} {title} {translate(doing[name](node=move.node))}")
    lines.append(translate(words.PLAN_WRITES()))
    # A program that reads JSON gets one document on standard output: the result.
    print("\n".join(lines), flush=True, file=sys.stderr if asked.output == "json" else sys.stdout)


def other(move: Change) -> str:
    """Return the db.mode before the move."""
    return "standalone" if move.to == "ha" else "ha"


def moved(move: Change, values: Path, asked: argparse.Namespace) -> Exit:
    """Show where the database is now."""
    return result(
        asked,
        words.MOVED(mode=move.to, seconds=[f"{one:.1f}" for one in move.seconds]),
        move_words.MOVED_VALUES(file=str(values)),
        words.MOVED_KEPT(claims=list(move.old)),
        mode=move.to,
        kept=list(move.old),
        writesStoppedSeconds=list(move.seconds),
        values=str(values),
    )
