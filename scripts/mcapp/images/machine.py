"""Runs shell scripts on this machine, or by ssh on another one, and says why one could not be run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mcapp.errors import FailedError, UnreachableError
from mcapp.images import words
from mcapp.kube.kubectl import unusable
from mcapp.messages import Text, Words, translate
from mcapp.shell import Shell, joined

# What ssh itself ends with; the scripts never do.
_SSH_FAILED = 255
# The kernel's limit is 108, on macOS 104, and ssh adds a suffix of 17 while it makes the socket.
_LONGEST_SOCKET = 85
# For the case that nobody closes it.
_PERSIST_SECONDS = 60
# How ssh words each way in which no session comes; the first that fits decides.
_WAYS: tuple[tuple[re.Pattern[str], Words, Words], ...] = (
    (re.compile("IDENTIFICATION HAS CHANGED"), words.KEY_CHANGED, words.KEY_CHANGED_REMEDY),
    (re.compile("Host key verification failed"), words.KEY_UNKNOWN, words.KEY_UNKNOWN_REMEDY),
    (re.compile(r"Permission denied|Too many authentication"), words.DENIED, words.DENIED_REMEDY),
    (re.compile("Could not resolve hostname"), words.NO_HOST, words.NO_HOST_REMEDY),
    (
        re.compile("Connection refused|timed out|No route to host|unreachable|Host is down"),
        words.SILENT,
        words.SILENT_REMEDY,
    ),
)
_BROKEN = re.compile("client_loop|[Cc]onnection (reset|closed|to .* closed)|Broken pipe|Timeout, server")


class Done(NamedTuple):
    """What a script printed to both streams, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def why(self) -> str:
        """The last line that it printed to standard error, without a full stop."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        return lines[-1].rstrip(".") if lines else translate(words.SAID_NOTHING(code=self.code))


class Machine(ABC):
    """A machine that runs scripts of sh. `name` is what the user calls it."""

    name: str | Text

    @abstractmethod
    def command(self, script: str, *arguments: str) -> list[str]:
        """Return the words of the local command that runs a script there."""

    @abstractmethod
    def failure(self, done: Done) -> UnreachableError | None:
        """Return the error if the script was not run at all, None if it was."""

    @property
    @abstractmethod
    def sudo(self) -> str:
        """How a script calls sudo."""

    @abstractmethod
    def typed(self, *command: str) -> Shell:
        """Return a command as the user types it to have it run there by root."""

    def run(self, script: str, *arguments: str) -> Done:
        """Run a script and return what it did. UnreachableError if the machine cannot be reached."""
        with self.start(script, *arguments) as process:
            out, err = process.communicate()
        done = Done(process.returncode, _text(out), _text(err))
        if error := self.failure(done):
            raise error
        return done

    def start(self, script: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a script with a pipe to each of its streams. UnreachableError without a program for it."""
        words_ = self.command(script, *arguments)
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(words_, stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise unusable(words_[0], error, words.NO_SSH_REMEDY()) from None


class Here(Machine):
    """The machine that the tool runs on."""

    name = words.HERE()

    def command(self, script: str, *arguments: str) -> list[str]:
        """Return the words of the command that runs a script."""
        return ["sh", "-c", script, "sh", *arguments]

    def failure(self, done: Done) -> UnreachableError | None:
        """Return None: there is always a shell."""

    @property
    def sudo(self) -> str:
        """How a script calls sudo, which may ask at a terminal."""
        return "sudo" if _asks() else "sudo -n"

    def typed(self, *command: str) -> Shell:
        """Return a command as the user types it to have it run by root."""
        return joined(["sudo", *command])


@dataclass(frozen=True)
class There(Machine):
    """A machine that ssh reaches. `ssh` is the command, `seconds` its time to connect.

    All that it runs shares the connection that has the socket `shared`, "" for a connection each.
    """

    name: str
    ssh: str
    seconds: int
    shared: str = ""

    def command(self, script: str, *arguments: str) -> list[str]:
        """Return the words of the command that runs a script."""
        far = shlex.join(["sh", "-c", script, "sh", *arguments])
        batch = () if _asks() else ("-o", "BatchMode=yes")
        # A connection that is dead ends, or a copy would wait forever.
        alive = ("-o", "ServerAliveInterval=15", "-o", f"ConnectTimeout={self.seconds}")
        kept = ("-o", "ControlMaster=auto", "-o", f"ControlPersist={_PERSIST_SECONDS}")
        share = kept if self.shared else ()
        return [*self._ssh, *batch, *alive, *share, "--", self.name, far]

    @property
    def _ssh(self) -> list[str]:
        """What the user gives comes first: of an option that stands twice, ssh takes the first one."""
        return [*shlex.split(self.ssh), *(["-o", f"ControlPath={self.shared}"] if self.shared else [])]

    def close(self) -> None:
        """End the connection that is shared, if there is one."""
        if self.shared and Path(self.shared).exists():
            subprocess.run([*self._ssh, "-O", "exit", "--", self.name], capture_output=True, check=False)

    def failure(self, done: Done) -> UnreachableError | None:
        """Return the error of a machine that ssh does not reach."""
        if done.code != _SSH_FAILED:
            return None
        parts = {"machine": self.name, "why": done.why}
        for pattern, problem, remedy in _WAYS:
            if pattern.search(done.err):
                return UnreachableError(problem(**parts), remedy(machine=self.name))
        # Of a shared connection that is gone, ssh says nothing.
        if _BROKEN.search(done.err) or not done.err.strip():
            return UnreachableError(words.BROKEN(**parts), words.BROKEN_REMEDY())
        return UnreachableError(words.SSH_FAILED(**parts), words.SSH_FAILED_REMEDY(machine=self.name))

    @property
    def sudo(self) -> str:
        """How a script calls sudo: there is no terminal where it could ask."""
        return "sudo -n"

    def typed(self, *command: str) -> Shell:
        """Return a command as the user types it to have it run there by root."""
        return joined([*shlex.split(self.ssh), "-t", self.name, "sudo", *command])


@contextmanager
def reached(name: str, ssh: str, seconds: int) -> Iterator[There]:
    """Yield a machine with one connection for all that is run: whoever is asked for a password is so once."""
    with tempfile.TemporaryDirectory(prefix="mcapp-", ignore_cleanup_errors=True) as folder:
        socket = str(Path(folder, "ssh"))
        machine = There(name, ssh, seconds, socket if len(socket) <= _LONGEST_SOCKET else "")
        try:
            yield machine
        finally:
            machine.close()


def failed(machine: Machine, done: Done) -> FailedError:
    """Return the error of a script that failed on a machine."""
    if re.search("No space left|Disk quota", done.err):
        return FailedError(words.DISK_FULL(machine=machine.name, why=done.why), words.DISK_FULL_REMEDY())
    return FailedError(words.SCRIPT_FAILED(machine=machine.name, why=done.why))


def _asks() -> bool:
    """Tell whether ssh and sudo may ask the user: they do so at a terminal."""
    return sys.stdin is not None and os.isatty(0)


def _text(output: bytes) -> str:
    return output.decode(errors="replace")
