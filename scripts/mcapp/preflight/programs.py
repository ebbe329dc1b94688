"""Runs the machine's own programs and returns what they print."""

from __future__ import annotations

import os
import shutil
import subprocess

# A user's PATH often lacks the folders of the programs that only root may run.
_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


def is_installed(program: str) -> bool:
    """Tell whether the program is installed."""
    return shutil.which(program, path=_PATH) is not None


def output(*command: str) -> str | None:
    """Return what a command prints in English; None if it is missing, fails or takes over 10 s."""
    program = shutil.which(command[0], path=_PATH)
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
            env={**os.environ, "PATH": _PATH, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
