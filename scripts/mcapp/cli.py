"""The one style of every command here: exit codes, errors that say what to do, text or JSON output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, NoReturn


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    OK = 0
    DIFFERS = 1
    USAGE = 2
    UNREACHABLE = 3
    NO_PLACEMENT = 4
    FAILED = 5


class UserError(Exception):
    """Something a user can cause and mend: one sentence what is wrong, one what to do."""

    def __init__(self, problem: str, remedy: str = "", code: Exit = Exit.USAGE) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose errors end as UserError, so that they leave by the same door."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}.", f"See `{self.prog} --help`.")


def parser(prog: str, description: str, example: str) -> argparse.ArgumentParser:
    """Make the parser of one command; `--help` shows its example, `--output json` is for machines."""
    made = _Parser(prog=prog, **_style(description, example))
    made.allow_abbrev = False
    return made


def subcommand(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, description: str, example: str
) -> argparse.ArgumentParser:
    """Add a subcommand in the same style to what `add_subparsers` returned."""
    made = commands.add_parser(name, help=description, **_style(description, example))
    made.allow_abbrev = False
    return made


def _style(description: str, example: str) -> dict[str, Any]:
    codes = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit)
    return {
        "description": description,
        "epilog": f"example:\n  {example}\n\nexit codes: {codes}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def emit_json(document: Any) -> None:
    """Print one JSON document, keys in their own order, to standard output."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def run(main: Callable[[Sequence[str]], Exit]) -> NoReturn:
    """Run a command's main on the process's arguments; turn UserError into a sentence and its code."""
    try:
        code = main(sys.argv[1:])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        code = error.code
    except KeyboardInterrupt:
        print("error: interrupted. Run the same command again to go on.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    sys.exit(int(code))
