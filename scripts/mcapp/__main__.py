# PYTHON_ARGCOMPLETE_OK
"""Starts a tool: the one that `mcapp` is called with, or that of a script in scripts/."""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from mcapp import cli, words
from mcapp.catalogue import argparse_translated
from mcapp.config import CHECKOUT
from mcapp.errors import Exit, UserError
from mcapp.messages import Words, choose_language, language, translate
from mcapp.shell import COMMAND, TOOLS, installed

# Without --no-defaults bash would offer files where nothing else fits.
COMPLETION = """
  pip install 'mcapp[completion]'
  eval "$(register-python-argcomplete --no-defaults mcapp)"
"""
# Cobra's word for "no files where nothing fits", below the words.
NO_FILES = "\n:4"
# What stands for a file in an option's form.
FILES = ("FILE", "FOLDER", "COMMAND", "BACKUP")


def main() -> NoReturn:
    """Run the tool that the process's arguments name."""
    if "_ARGCOMPLETE" in os.environ:
        complete(os.environ.get("COMP_LINE", "").split())
    cli.run(dispatch)


def start(name: str) -> NoReturn:
    """Run one tool on the process's arguments."""
    cli.run(partial(call, name))


def dispatch(arguments: Sequence[str]) -> Exit:
    """Call the tool that is named first; UserError where there is none of that name."""
    name = arguments[0] if arguments else ""
    if name in TOOLS:
        return call(name, arguments[1:])
    choose_language(cli.asked_language(arguments))
    if name and not name.startswith("-"):
        # A list would be cut after five.
        between = "、" if language() == "zh-TW" else ", "
        raise UserError(words.UNKNOWN_TOOL(name=name, tools=between.join(TOOLS)))
    with argparse_translated():
        # It ends by --help or --version, or raises.
        parser().parse_args(arguments)
    return Exit.USAGE


def call(name: str, arguments: Sequence[str]) -> Exit:
    """Call a tool."""
    if name == "genvalues":
        # So short a process would spend more on looking for garbage than it could free.
        gc.disable()
    return load(name).main(arguments)


def load(name: str) -> cli.Tool:
    """Import a tool, and nothing of the others: the TOOL of mcapp/<name>/cli.py."""
    tool: cli.Tool = import_module(f"mcapp.{name}.cli").TOOL
    return tool


def purpose(name: str) -> str:
    """Say what a tool is for, without the import of all of it."""
    sentence: Words = import_module(f"mcapp.{name}.words").PURPOSE
    return translate(sentence())


def parser(filled: str = "") -> argparse.ArgumentParser:
    """Return the parser of `mcapp` itself; only the tool `filled` has its options in it."""
    program = installed() or COMMAND
    made = cli.parser(program, translate(words.PURPOSE()), f"{program} doctor --help")
    made.epilog = f"{made.epilog}\n\n{translate(words.COMPLETION())}{COMPLETION}"
    shown = f"{COMMAND} {version()}"
    made.add_argument("--version", action="version", version=shown, help=cli.told(words.VERSION))
    tools = made.add_subparsers(dest="tool", metavar="TOOL", required=True)
    for name in TOOLS:
        options = tools.add_parser(name, help=purpose(name))
        if name == filled:
            load(name).add_options(options)
    return made


def complete_for_kubectl() -> NoReturn:
    """Answer kubectl, which completes `kubectl mcapp` by the program kubectl_complete-mcapp.

    It gives the words after `mcapp`, the one to complete last, and reads a word a line.
    """
    *before, last = sys.argv[1:] or [""]
    line = f"{shlex.join([COMMAND, *before])} {last}"
    os.environ |= {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_SUPPRESS_SPACE": "1"}
    os.environ |= {"COMP_LINE": line, "COMP_POINT": str(len(line))}

    def end(code: int) -> NoReturn:
        print(NO_FILES)
        sys.exit(code)

    complete(line.split(), output_stream=sys.stdout, exit_method=end)
    sys.exit(1)


def complete(typed: Sequence[str], **to: Any) -> None:
    """Answer the shell and end the process, where argcomplete is installed; `typed` is the line so far."""
    try:
        import argcomplete
        from argcomplete.completers import FilesCompleter
    except ImportError:
        sys.exit(1)

    class Completer(FilesCompleter):
        """Offers files only for an option that takes one; else the words that its form lists."""

        def __call__(self, prefix: str, **about: Any) -> list[str]:
            form = str(about["action"].metavar)
            if form in FILES:
                return super().__call__(prefix)
            return [word for word in form.split("|") if word.islower()]

    named = [word for word in typed[1:] if word in TOOLS]
    argcomplete.autocomplete(parser(named[0] if named else ""), default_completer=Completer(), **to)


def version() -> str:
    """Return the installed package's version; in a checkout, that in its pyproject.toml."""
    # Imported here: only --version and --help need them.
    if CHECKOUT is None:
        from importlib import metadata

        return metadata.version(COMMAND)
    import tomllib

    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


if __name__ == "__main__":
    main()
