"""What every command shares: options, exit codes, errors that say what to do, text or JSON."""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from mcapp import words
from mcapp.config import NAMESPACE, RELEASE
from mcapp.errors import Exit, UserError
from mcapp.messages import LANGS, announce, choose_language
from mcapp.options import command, name, whole
from mcapp.shell import called as called

OUTPUTS = ("text", "json")
# Set, it shows the traceback of a fault of the program itself.
DEBUG = "MCAPP_DEBUG"


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises its errors as UserError, so that `run` says them as all others."""

    def error(self, message: str) -> NoReturn:
        """Raise the error that argparse prints."""
        raise UserError(f"{message}.", f"See `{self.prog} --help`.")


@dataclass(frozen=True)
class Tool:
    """One of the user's tools: `mcapp NAME`, or in a checkout its script in scripts/."""

    name: str
    description: str
    example: str
    add_options: Callable[[argparse.ArgumentParser], None]
    work: Callable[[argparse.Namespace], Exit]

    @property
    def called(self) -> str:
        """Return how the user of this process calls the tool."""
        return called(self.name)

    def main(self, arguments: Sequence[str]) -> Exit:
        """Do what the arguments ask for; UserError for what the user can fix."""
        # Known before the rest is read, for what is said of that.
        choose_language(next((one for one in LANGS if f"--lang={one}" in _pairs(arguments)), None))
        options = parser(self.called, self.description, f"{self.called} {self.example}")
        self.add_options(options)
        return self.run(options.parse_args(arguments))

    def run(self, asked: argparse.Namespace) -> Exit:
        """Do what was asked, in the language that was asked for."""
        choose_language(asked.lang)
        return self.work(asked)


def _pairs(arguments: Sequence[str]) -> set[str]:
    """Return the arguments, also each two of them as one."""
    return {*arguments, *map("=".join, pairwise(arguments))}


def parser(prog: str, description: str, example: str) -> argparse.ArgumentParser:
    """Make the parser of one command; `--help` shows its example, `--output json` is for programs."""
    made = Parser(prog=prog, **style(description, example))
    made.allow_abbrev = False
    return made


def subcommand(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, description: str, example: str
) -> argparse.ArgumentParser:
    """Add a subcommand in the same style to what `add_subparsers` returned."""
    made = commands.add_parser(name, help=description)
    made.allow_abbrev = False
    for key, value in style(description, f"{made.prog} {example}".strip()).items():
        setattr(made, key, value)
    return made


def style(description: str, example: str) -> dict[str, Any]:
    """Return argparse's arguments for a command's `--help`."""
    codes = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit)
    return {
        "description": description,
        "epilog": f"example:\n  {example}\n\nexit codes: {codes}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def output_options(options: argparse.ArgumentParser, *, output: bool = True) -> None:
    """Add the options of every tool: the form of the result, and the language."""
    if output:
        options.add_argument("--output", choices=OUTPUTS, default="text", help="json is for programs")
    options.add_argument("--lang", choices=LANGS, help="of sentences and errors (default: by the locale)")


def cluster_options(options: argparse.ArgumentParser) -> None:
    """Add the options of every tool that asks a cluster: which cluster, and which release."""
    add = options.add_argument_group("which release of which cluster").add_argument
    namespace, release, kubectl = name("--namespace", 63), name("--release", 53), command("--kubectl")
    add("-n", "--namespace", type=namespace, default=NAMESPACE, help="of the release (default: %(default)s)")
    add("--release", type=release, default=RELEASE, help="name of the release (default: %(default)s)")
    add("--kubeconfig", metavar="FILE", default="", help="passed to kubectl")
    add("--context", default="", help="passed to kubectl")
    called_as = "the kubectl to call (default: %(default)s)"
    add("--kubectl", metavar="COMMAND", type=kubectl, default="kubectl", help=called_as)
    seconds, each = whole("--timeout", 1, 3600), "for each answer, 1 to 3600 (default: %(default)s)"
    add("--timeout", metavar="SECONDS", type=seconds, default=20, help=each)


def emit_json(document: Any) -> None:
    """Print one JSON document, keys in their own order, to standard output."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(document, indent=2, ensure_ascii=not utf8))


def run(main: Callable[[Sequence[str]], Exit]) -> NoReturn:
    """Run a command on the process's arguments; say an error in the user's language, exit with its code."""
    for which in ("stdout", "stderr"):
        stream = getattr(sys, which)
        if stream is None:
            # The caller has closed it.
            setattr(sys, which, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - to the end
        elif isinstance(stream, TextIOWrapper):
            # What the locale's encoding lacks is shown by its number.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except UserError as error:
        announce(f"error: {error}")
        code = error.code
    except KeyboardInterrupt:
        announce(words.INTERRUPTED())
        sys.exit(130)
    except BrokenPipeError:
        _drop_output()
        sys.exit(141)
    except OSError as error:
        code = _no_space(error) if error.errno in (errno.ENOSPC, errno.EDQUOT) else _own_fault(error)
    except Exception as error:
        code = _own_fault(error)
    sys.exit(int(code))


def _no_space(error: OSError) -> Exit:
    _drop_output()
    announce(words.NO_SPACE(why=error.strerror))
    return Exit.FAILED


def _drop_output() -> None:
    """Let what standard output still holds go nowhere: the interpreter would try to write it at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _own_fault(error: Exception) -> Exit:
    """Say that the program itself failed, and where: the traceback is for those who ask for it."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    why = " ".join(f"{type(error).__name__}: {error}".split())
    where = f"{Path(last.filename).name}:{last.lineno}"
    announce(words.INTERNAL(why=why, where=where, debug=DEBUG))
    return Exit.INTERNAL
