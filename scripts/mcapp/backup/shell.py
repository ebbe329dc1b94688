"""Runs PostgreSQL's programs where they are, in a pod, with the superuser's password."""

from __future__ import annotations

import base64
import re
import secrets
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from io import BufferedReader
from typing import IO, Any, BinaryIO, NamedTuple

from mcapp.backup import words
from mcapp.errors import FailedError
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.words import SAID_NOTHING
from mcapp.messages import Text
from mcapp.progress import Meter

CHUNK = 1 << 16
# How the lines begin that kubectl exec adds.
_KUBECTL = ("command terminated with", "Defaulted container")
# The password is the first line of standard input, so that it stands in no process's arguments.
_LOGIN = "set -eu; IFS= read -r PGPASSWORD; export PGPASSWORD; "
PSQL = "psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --file=-"


# Runs {command}, which writes a lot and must end when this process ends. `cat` reads its output through a
# named pipe and is killed when standard input closes: a program that is blocked in writing does not notice
# that its reader is gone, and a dump would hold its locks forever. Every container can write to /dev/shm.
# At the end it prints {end} and waits until standard input closes: kubectl exec drops output that is still on
# its way when the program ends, and reports success (kubernetes/kubernetes#124571).
_GUARDED = """
IFS= read -r SQL
exec 3<&0
pipe=$(mktemp -u -p /dev/shm); mkfifo "$pipe"
cat "$pipe" & relay=$!
(cat <&3; kill "$relay") >/dev/null 2>&1 & watch=$!
code=0
printf %s "$SQL" | base64 -d | {command} >"$pipe" || code=$?
wait "$relay" || true
rm "$pipe"
[ "$code" = 0 ] || exit "$code"
printf %s {end}
wait "$watch" || true
"""


class ShellError(FailedError):
    """A FailedError: what ran in the pod failed. `said` is the end of what it printed to standard error."""

    def __init__(self, said: Text | str) -> None:
        super().__init__(words.SHELL_FAILED(said=said))
        self.said = said


class _Streams(NamedTuple):
    stdin: BinaryIO
    stdout: BufferedReader
    stderr: BinaryIO


@dataclass(frozen=True)
class Shell(ABC):
    """A place where PostgreSQL's programs run. `environment` leads them to the server."""

    password: str = field(repr=False)
    environment: Mapping[str, str]

    @abstractmethod
    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a command there with a pipe to each of its streams."""

    def run(
        self,
        script: str,
        *,
        stdin: bytes | BinaryIO = b"",
        meter: Meter | None = None,
        **environment: str,
    ) -> bytes:
        """Run a shell script and return what it prints, which must fit into memory.

        `meter` counts the bytes of a stream that was given as `stdin`.
        Raises ShellError if the script fails.
        """
        with self._talk(script, stdin, meter or Meter(), environment) as streams:
            return streams.stdout.read()

    def sql(self, statements: str, database: str = "postgres") -> list[str]:
        """Run SQL as the superuser; return a line for each row, `|` between its columns.

        Raises ShellError if a statement fails.
        """
        shown = self.run(PSQL, stdin=statements.encode(), PGDATABASE=database)
        return shown.decode().splitlines()

    def dump(self, statements: str, stdout: BinaryIO, meter: Meter, **environment: str) -> None:
        """Run SQL and write its output, of any size, to `stdout`. It ends when this process ends.

        Raises ShellError if it fails.
        """
        self.stream(PSQL, stdout, meter, statements.encode(), **environment)

    def stream(
        self, command: str, stdout: BinaryIO, meter: Meter, stdin: bytes = b"", **environment: str
    ) -> None:
        """Run a command and write its output, of any size, to `stdout`. It ends when this process ends.

        Raises ShellError if it fails, or not all of its output arrives.
        """
        end = secrets.token_hex(16).encode()
        script = _GUARDED.replace("{command}", command).replace("{end}", end.decode())
        line, held = base64.b64encode(stdin) + b"\n", b""
        with self._talk(script, line, Meter(), environment, hold=True) as streams:
            while chunk := streams.stdout.read1(CHUNK):
                held += chunk
                body, held = held[: -len(end)], held[-len(end) :]
                stdout.write(body)
                meter.add(len(body))
                if held == end:
                    with suppress(BrokenPipeError):
                        streams.stdin.close()
        if held != end:
            raise ShellError(words.CUT_OFF())

    @contextmanager
    def _talk(
        self,
        script: str,
        stdin: bytes | BinaryIO,
        meter: Meter,
        environment: Mapping[str, str],
        *,
        hold: bool = False,
    ) -> Iterator[_Streams]:
        """Run a script while its output is read. `hold` leaves its standard input open.

        Raises ShellError if the script fails.
        """
        process, streams = self._begin(script, environment)
        feeding = threading.Thread(target=_feed, args=(streams.stdin, stdin, meter, hold), daemon=True)
        said: list[bytes] = []
        listening = threading.Thread(target=lambda: said.extend(streams.stderr), daemon=True)
        try:
            feeding.start()
            listening.start()
            yield streams
            code = process.wait()
        finally:
            process.kill()
            process.wait()
            with suppress(BrokenPipeError):
                streams.stdin.close()
        listening.join()
        if code:
            raise ShellError(_last(b"".join(said), code))

    @contextmanager
    def session(self, first: str, database: str = "postgres") -> Iterator[str]:
        """Keep a session of the superuser open; yield the line that its first statements printed.

        It ends when this process ends, even if it is killed: psql stops at the end of its input.
        """
        process, streams = self._begin(PSQL, {"PGDATABASE": database})
        try:
            with suppress(BrokenPipeError):
                streams.stdin.write(f"{first}\n".encode())
                streams.stdin.flush()
            line = streams.stdout.readline()
            if not line:
                raise ShellError(_last(streams.stderr.read(), process.poll()))
            yield line.decode().strip()
            with suppress(BrokenPipeError):
                streams.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
        finally:
            process.kill()
            process.wait()

    def _begin(self, script: str, environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], _Streams]:
        given = {"PGUSER": "postgres", "PGCONNECT_TIMEOUT": "10", **self.environment, **environment}
        variables = (f"{name}={value}" for name, value in given.items())
        process = self.start(["env", *variables, "sh", "-c", _LOGIN + script])
        streams = _Streams(*map(_stream, (process.stdin, process.stdout, process.stderr)))
        with suppress(BrokenPipeError):
            streams.stdin.write(f"{self.password}\n".encode())
            streams.stdin.flush()
        return process, streams


@dataclass(frozen=True)
class PodShell(Shell):
    """A container of a pod, reached by kubectl exec."""

    kubectl: Kubectl
    namespace: str
    pod: str
    container: str

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a command in the container."""
        into = (f"--namespace={self.namespace}", f"--container={self.container}", self.pod)
        return self.kubectl.start("exec", "--stdin", *into, "--", *command)


def _stream(pipe: IO[bytes] | None) -> Any:
    if pipe is None:
        raise RuntimeError("the process was started without pipes")
    return pipe


def _feed(pipe: IO[bytes], source: bytes | BinaryIO, meter: Meter, hold: bool) -> None:
    """Write all of the source to a pipe. If its reader is gone, the reader's own error says why."""
    with suppress(BrokenPipeError), nullcontext() if hold else pipe:
        if isinstance(source, bytes):
            pipe.write(source)
            pipe.flush()
            return
        while chunk := source.read(CHUNK):
            pipe.write(chunk)
            meter.add(len(chunk))


def _last(stderr: bytes, code: int | None) -> Text | str:
    """Return the last four lines of standard error, without kubectl's own and psql's line numbers."""
    lines = [" ".join(line.split()) for line in stderr.decode(errors="replace").splitlines()]
    lines = [line for line in lines if line]
    printed = [line for line in lines if not line.startswith(_KUBECTL)]
    if not lines:
        return SAID_NOTHING(code=code)
    return re.sub(r"psql:<stdin>:\d+: ", "", "; ".join((printed or lines)[-4:])).rstrip(".")
