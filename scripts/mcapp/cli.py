"""What every command shares: options, exit codes, errors that say what to do, text or JSON."""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from mcapp import words
from mcapp.catalogue import argparse_translated
from mcapp.config import NAMESPACE, RELEASE
from mcapp.errors import Exit, UserError
from mcapp.messages import LANGS, Lang, Words, announce, choose_language, language, translate, wrapped
from mcapp.options import command, name, whole
from mcapp.shell import Shell
from mcapp.shell import called as called

OUTPUTS = ("text", "json")
# Set, it shows the traceback of a fault of the program itself.
DEBUG = "MCAPP_DEBUG"
# What the tools import that Python does not bring along.
PACKAGES = ("yaml", "jsonschema")
# Where argparse starts the column of explanations, and what it leaves free on the right.
HELP_COLUMN, HELP_MARGIN = 24, 2


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises its errors as UserError, so that `run` says them as all others."""

    def error(self, message: str) -> NoReturn:
        """Raise the error that argparse prints."""
        raise UserError(words.ARGUMENTS(why=message), words.ARGUMENTS_REMEDY(program=Shell(self.prog)))


@dataclass(frozen=True)
class Tool:
    """One of the user's tools: `mcapp NAME`, or in a checkout its script in scripts/."""

    name: str
    purpose: Words
    example: str
    add_options: Callable[[argparse.ArgumentParser], None]
    work: Callable[[argparse.Namespace], Exit]

    @property
    def called(self) -> str:
        """Return how the user of this process calls the tool."""
        return called(self.name)

    def main(self, arguments: Sequence[str]) -> Exit:
        """Do what the arguments ask for; UserError for what the user can fix."""
        # argparse speaks before it has read --lang.
        choose_language(asked_language(arguments))
        with argparse_translated():
            options = parser(self.called, translate(self.purpose()), f"{self.called} {self.example}")
            self.add_options(options)
            asked = options.parse_args(arguments)
        return self.work(asked)


def asked_language(arguments: Sequence[str]) -> Lang | None:
    """Return the language that --lang asks for, None where it asks for none that is there."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--lang", nargs="?")
    asked = first.parse_known_args(arguments)[0].lang
    return next((lang for lang in LANGS if lang == asked), None)


def told(sentence: Words) -> str:
    """Return a sentence for `--help`. argparse breaks lines between words only, and Chinese has none."""
    text = translate(sentence())
    if language() == "en":
        return text
    return wrapped(text, max(20, shutil.get_terminal_size().columns - HELP_COLUMN - HELP_MARGIN))


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
    codes = [f"{code.value} {translate(words.EXITS[code.name]())}" for code in Exit]
    listed = translate(words.EXIT_CODES(codes=("、" if language() == "zh-TW" else ", ").join(codes)))
    # The other one keeps the lines of `told`.
    formatter = argparse.RawDescriptionHelpFormatter if language() == "en" else argparse.RawTextHelpFormatter
    return {
        "description": description,
        "epilog": f"{translate(words.EXAMPLE())}\n  {example}\n\n{listed}",
        "formatter_class": formatter,
    }


def output_options(options: argparse.ArgumentParser, *, output: bool = True) -> None:
    """Add the options of every tool: the form of the result, and the language."""
    if output:
        options.add_argument("--output", choices=OUTPUTS, default="text", help=told(words.OUTPUT))
    options.add_argument("--lang", choices=LANGS, help=told(words.LANGUAGE))


def cluster_options(options: argparse.ArgumentParser) -> None:
    """Add the options of every tool that asks a cluster: which cluster, and which release."""
    add = options.add_argument_group(told(words.CLUSTER)).add_argument
    namespace, release, kubectl = name("--namespace", 63), name("--release", 53), command("--kubectl")
    add("-n", "--namespace", type=namespace, default=NAMESPACE, help=told(words.NAMESPACE))
    add("--release", type=release, default=RELEASE, help=told(words.RELEASE))
    add("--kubeconfig", metavar="FILE", default="", help=told(words.FOR_KUBECTL))
    add("--context", default="", help=told(words.FOR_KUBECTL))
    add("--kubectl", metavar="COMMAND", type=kubectl, default="kubectl", help=told(words.KUBECTL))
    seconds = whole("--timeout", 1, 3600)
    add("--timeout", metavar="SECONDS", type=seconds, default=20, help=told(words.TIMEOUT))


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
        code = _refused(error)
    except KeyboardInterrupt:
        announce(words.INTERRUPTED())
        sys.exit(130)
    except BrokenPipeError:
        _drop_output()
        sys.exit(141)
    except OSError as error:
        code = _no_space(error) if error.errno in (errno.ENOSPC, errno.EDQUOT) else _own_fault(error)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in PACKAGES:
            code = _refused(UserError(words.NO_PACKAGE(package=package), words.NO_PACKAGE_REMEDY()))
        else:
            code = _own_fault(error)
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


def _refused(error: UserError) -> Exit:
    """Say what the user can fix."""
    announce(f"{translate(words.ERROR())}{error}")
    return error.code


def _own_fault(error: Exception) -> Exit:
    """Say that the program itself failed, and where: the traceback is for those who ask for it."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    why = " ".join(f"{type(error).__name__}: {error}".split())
    where = f"{Path(last.filename).name}:{last.lineno}"
    announce(words.INTERNAL(why=why, where=where, debug=DEBUG))
    return Exit.INTERNAL
