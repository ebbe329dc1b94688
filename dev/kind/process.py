"""Runs other programs. Output of long ones goes to a log, and a failure shows its last lines."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from dev.kind.versions import cache_dir
from mcapp.errors import FailedError

Command = Sequence[str | Path]
# The programs that `logged` waits for, and whether no more may start.
_running: set[subprocess.Popen[bytes]] = set()
_stopped = threading.Event()


def output(
    command: Command,
    *,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a quick command and return its standard output, stripped.

    Raises:
        UserError: the program is missing or exits non-zero; the message holds its output.

    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=_environment(env),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise FailedError(f"{command[0]} is not installed.", "Run `make up` once.") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise FailedError(f"`{shlex.join(map(str, command))}` failed: {said}")
    return done.stdout.strip()


def succeeds(command: Command, *, env: Mapping[str, str] | None = None, timeout: float = 60) -> bool:
    """Tell whether a quick command exits 0 within `timeout` seconds; False if the program is missing."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=_environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def logged(
    log: str, command: Command, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> None:
    """Run a long command with its output in ``<cache>/logs/<log>.log``.

    Raises:
        UserError: it exits non-zero; the message holds the last lines and the log's path.

    """
    path = cache_dir() / "logs" / f"{log}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(f"$ {shlex.join(map(str, command))}\n".encode())
        file.flush()
        if _stopped.is_set():
            raise FailedError(f"`{command[0]}` was not started: other work failed.")
        with subprocess.Popen(
            [str(part) for part in command],
            env=_environment(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as running:
            _running.add(running)
            try:
                code = running.wait()
            finally:
                _running.discard(running)
    if code:
        tail = "\n  ".join(path.read_text(errors="replace").splitlines()[-15:])
        raise FailedError(
            f"`{shlex.join(map(str, command))[:200]}` failed:\n  {tail}\n", f"The whole log is {path}."
        )


def together(*works: Callable[[], object]) -> None:
    """Do pieces of work at the same time, each in a thread; when one fails, end what the others run.

    Raises:
        UserError: the one that failed first raised it.

    """
    try:
        with ThreadPoolExecutor(len(works)) as pool:
            begun = [pool.submit(work) for work in works]
            try:
                for done in as_completed(begun):
                    done.result()
            except BaseException:
                _stopped.set()
                for process in list(_running):
                    process.terminate()
                raise
    finally:
        _stopped.clear()


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(extra or {})}
