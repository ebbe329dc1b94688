# PYTHON_ARGCOMPLETE_OK
"""The tools of mcapp under one command. `mcapp TOOL --help` explains each."""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import os
import sys
import tomllib
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from mcapp import cli, words
from mcapp.config import CHECKOUT
from mcapp.errors import Exit, UserError
from mcapp.shell import COMMAND

# Each tool is the TOOL of mcapp/<name>/cli.py, which is imported only when it is called.
TOOLS = {
    "genvalues": "write Helm values from the nodes of a cluster",
    "preflight": "check two machines before k3s is installed",
    "doctor": "find the first broken link of an installed release",
    "backup": "make, list, verify and restore backups",
    "move": "move the database with its data to another node",
}
COMPLETION = """tab completion, in bash or zsh:
  pip install 'mcapp[completion]'
  eval "$(register-python-argcomplete mcapp)"
"""


def main() -> NoReturn:
    """Run the tool that the process's arguments name."""
    if "_ARGCOMPLETE" in os.environ:
        complete(os.environ.get("COMP_LINE", "").split())
    cli.run(dispatch)


def dispatch(arguments: Sequence[str]) -> Exit:
    """Call the tool; UserError where there is none of that name."""
    name = arguments[0] if arguments else ""
    if name in TOOLS:
        if name == "genvalues":
            # So short a process would spend more on looking for garbage than it could free.
            gc.disable()
        return load(name).main(arguments[1:])
    if name and not name.startswith("-"):
        raise UserError(words.UNKNOWN_TOOL(name=name, tools=list(TOOLS)))
    # It ends by --help or --version, or raises.
    parser().parse_args(arguments)
    return Exit.USAGE


def load(name: str) -> cli.Tool:
    """Import a tool, and nothing of the others."""
    tool: cli.Tool = import_module(f"mcapp.{name}.cli").TOOL
    return tool


def parser(filled: str = "") -> argparse.ArgumentParser:
    """Return the parser of `mcapp` itself; only the tool `filled` has its options in it."""
    made = cli.parser(COMMAND, __doc__ or "", f"{COMMAND} doctor --help")
    made.epilog = f"{made.epilog}\n\n{COMPLETION}"
    made.add_argument("--version", action="version", version=f"{COMMAND} {version()}")
    tools = made.add_subparsers(dest="tool", metavar="TOOL", required=True)
    for name, purpose in TOOLS.items():
        options = tools.add_parser(name, help=purpose)
        if name == filled:
            load(name).add_options(options)
    return made


def complete(typed: Sequence[str]) -> None:
    """Answer the shell and end the process, where argcomplete is installed; `typed` is the line so far."""
    try:
        import argcomplete
    except ImportError:
        sys.exit(1)
    named = [word for word in typed[1:] if word in TOOLS]
    argcomplete.autocomplete(parser(named[0] if named else ""))


def version() -> str:
    """Return the installed package's version; in a checkout, that in its pyproject.toml."""
    if CHECKOUT is None:
        return importlib.metadata.version("mcapp")
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


if __name__ == "__main__":
    main()
