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

from mcapp.errors import FailedError
from mcapp.kube.kubectl import Kubectl
from mcapp.progress import Meter

CHUNK = 1 << 16
# The password is the first line of standard input, so that it stands in no process's arguments.
_LOGIN = "set -eu; IFS= read -r PGPASSWORD; export PGPASSWORD; "
PSQL = "psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --file=-"


# What follows writes much and shall end with this process. A pipe stands between: a program that waits for
# its output to be taken does not see that nobody ever will, and a dump would hold its locks for good.
# /dev/shm can be written to in every container.
# It prints {end} and waits for a word that all has arrived: kubectl exec drops what is still on its way when
# the program is over, and reports success (kubernetes/kubernetes#124571).
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
    """What ran in the pod failed; `said` is what it printed to standard error."""

    def __init__(self, said: str) -> None:
        super().__init__(f"PostgreSQL's programs failed: {said}.")
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
    def start(self, words: list[str]) -> subprocess.Popen[bytes]:
        """Start a command there with a pipe to each of its streams."""

    def run(
        self,
        script: str,
        *,
        stdin: bytes | BinaryIO = b"",
        meter: Meter | None = None,
        **environment: str,
    ) -> bytes:
        """Run a shell script and return the little that it prints.

        `meter` counts the bytes of a stream that was given as `stdin`.
        Raises ShellError if the script fails.
        """
        with self._talk(script, stdin, meter or Meter(), environment) as streams:
            return streams.stdout.read()

    def sql(self, statements: str, database: str = "postgres") -> list[str]:
        """Run SQL as the superuser; return a line for each row, `|` between its columns. Or ShellError."""
        shown = self.run(PSQL, stdin=statements.encode(), PGDATABASE=database)
        return shown.decode().splitlines()

    def dump(self, statements: str, stdout: BinaryIO, meter: Meter, **environment: str) -> None:
        """Run SQL that prints without end to `stdout`; it ends with this process. Or ShellError."""
        self.stream(PSQL, stdout, meter, statements.encode(), **environment)

    def stream(
        self, command: str, stdout: BinaryIO, meter: Meter, stdin: bytes = b"", **environment: str
    ) -> None:
        """Run a command that writes much to `stdout`, all of it; it ends with this one. Or ShellError."""
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
            raise ShellError("what they write broke off on its way")

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
        """Run a script while its output is read. `hold` leaves its standard input open. Or ShellError."""
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
            raise ShellError(_last(b"".join(said)))

    @contextmanager
    def session(self, first: str) -> Iterator[str]:
        """Keep a session of the superuser open; yield the line that its first statement printed.

        It ends with this process, however that ends: psql stops at the end of its input.
        """
        process, streams = self._begin(PSQL, {"PGDATABASE": "postgres"})
        try:
            with suppress(BrokenPipeError):
                streams.stdin.write(f"{first}\n".encode())
                streams.stdin.flush()
            line = streams.stdout.readline()
            if not line:
                raise ShellError(_last(streams.stderr.read()))
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
        words = ["env", *(f"{name}={value}" for name, value in given.items()), "sh", "-c", _LOGIN + script]
        process = self.start(words)
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

    def start(self, words: list[str]) -> subprocess.Popen[bytes]:
        """Start a command in the container."""
        into = (f"--namespace={self.namespace}", f"--container={self.container}", self.pod)
        return self.kubectl.start("exec", "--stdin", *into, "--", *words)


def _stream(pipe: IO[bytes] | None) -> Any:
    if pipe is None:
        raise RuntimeError("the process was started without pipes")
    return pipe


def _feed(pipe: IO[bytes], source: bytes | BinaryIO, meter: Meter, hold: bool) -> None:
    """Write all of the source to a pipe; a reader that went away has its own reason to tell."""
    with suppress(BrokenPipeError), nullcontext() if hold else pipe:
        if isinstance(source, bytes):
            pipe.write(source)
            pipe.flush()
            return
        while chunk := source.read(CHUNK):
            pipe.write(chunk)
            meter.add(len(chunk))


def _last(stderr: bytes) -> str:
    """Return what was said, without what kubectl adds and psql's own line numbers."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("command terminated with", "Defaulted container"))]
    return re.sub(r"psql:<stdin>:\d+: ", "", "; ".join((told or lines or ["?"])[-4:])).rstrip(".")
