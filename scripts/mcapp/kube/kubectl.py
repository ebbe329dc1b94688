"""Access to a cluster through kubectl, with as little between as possible."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcapp.errors import FailedError, UnreachableError
from mcapp.kube import k3s, words
from mcapp.messages import Text, Words, translate
from mcapp.shell import Shell, joined

# What kubectl and client-go print when the kubeconfig, not the cluster, is at fault.
_CONFIG = re.compile(
    r"error loading config|error in configuration|invalid configuration|context .*does not exist"
    r"|no context exists|no such file or directory|permission denied|unable to (read|load)"
    r"|yaml:|json:|couldn't get version/kind",
    re.IGNORECASE,
)

# How kubectl and client-go word each way in which no answer comes; the first that fits decides.
# A remedy of None is the advice of the tool that asks.
_WAYS: tuple[tuple[re.Pattern[str], Words, Words | None], ...] = (
    (
        re.compile(r"certificate has expired|expired certificate|is not yet valid", re.IGNORECASE),
        words.KUBE_EXPIRED,
        words.KUBE_EXPIRED_REMEDY,
    ),
    (
        re.compile(
            r"could not find the requested resource|doesn't have a resource type|server gave HTTP response"
            r"|HTTP request to an HTTPS server|(?<!parse error: )invalid character '.+' looking"
            r"|malformed HTTP|first record does not look like a TLS handshake|\(Forbidden\): <"
            r"|rejected our request for an unknown reason|with the status code 3"
        ),
        words.KUBE_OTHER_SERVER,
        words.KUBE_OTHER_SERVER_REMEDY,
    ),
    (re.compile(r"x509:|tls: failed to verify|remote error: tls"), words.KUBE_CA, words.KUBE_CA_REMEDY),
    (
        re.compile(r"Unauthorized|must be logged in|provide credentials"),
        words.KUBE_CREDENTIALS,
        words.KUBE_CREDENTIALS_REMEDY,
    ),
    (re.compile(r"\(Forbidden\)|is forbidden:"), words.KUBE_RIGHTS, words.KUBE_RIGHTS_REMEDY),
    (
        re.compile(r"no such host|server misbehaving|failure in name resolution"),
        words.KUBE_NO_HOST,
        words.KUBE_NO_HOST_REMEDY,
    ),
    (re.compile(r"refused"), words.KUBE_REFUSES, None),
    (
        re.compile(r"i/o timeout|deadline exceeded|timed out|TLS handshake timeout|Client\.Timeout"),
        words.KUBE_SILENT,
        words.KUBE_SILENT_REMEDY,
    ),
)

# Whom kubectl asks without a configuration.
_DEFAULT = "localhost:8080"
# So much is shown of what a program says that is no kubectl.
_SAID = 80


@dataclass(frozen=True, slots=True)
class Kubectl:
    """How to call kubectl: its command ("k3s kubectl" has two words), and the cluster."""

    command: str = "kubectl"
    kubeconfig: str = ""
    context: str = ""
    seconds: int = 20
    # What a user can do where no cluster answers, and where its nodes may not be read.
    advice: Words = words.KUBE_UNREACHABLE_REMEDY
    without_nodes: Words = words.KUBE_FORBIDDEN_REMEDY

    @classmethod
    def of(cls, asked: argparse.Namespace) -> Kubectl:
        """Return the kubectl that a command's options name."""
        return cls(k3s.command(asked.kubectl), k3s.kubeconfig(asked.kubeconfig), asked.context, asked.timeout)

    @property
    def command_words(self) -> list[str]:
        """The command's words; a path may contain blanks."""
        return [self.command] if shutil.which(self.command) else shlex.split(self.command)

    def label(self, node: str, labels: list[str]) -> None:
        """Label a node; a label that has another value stays as it is. FailedError if kubectl refuses."""
        done = self.run("label", "node", node, *labels)
        if done.returncode:
            raise FailedError(
                words.LABEL_FAILED(node=node, why=reason(done)),
                words.LABEL_FAILED_REMEDY(command=self.typed("label", "node", node, *labels)),
            )

    def document(self, output: bytes) -> dict[str, Any]:
        """Return the JSON object that kubectl has printed. UnreachableError if it is none."""
        try:
            found = json.loads(output)
        except (ValueError, RecursionError):
            raise self.odd(output) from None
        if not isinstance(found, dict):
            raise self.odd(output)
        return found

    def named(self, output: bytes) -> dict[str, Any]:
        """Return the Kubernetes object that kubectl has printed. UnreachableError if it is none."""
        found = self.document(output)
        if not isinstance(found.get("metadata"), dict):
            raise self.odd(output)
        return found

    def items(self, output: bytes) -> list[dict[str, Any]]:
        """Return the objects of the List that kubectl has printed. UnreachableError if it is none."""
        found = self.document(output).get("items")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.odd(output)
        return found

    def odd(self, output: bytes) -> UnreachableError:
        """Return the error of a program that is called as kubectl and does not answer as kubectl does."""
        lines = output.decode(errors="replace").strip().splitlines() or [""]
        problem = words.KUBE_ANSWER(program=self.command, said=lines[0][:_SAID])
        return UnreachableError(
            problem if lines[0] else words.KUBE_NOTHING(program=self.command), words.KUBE_ANSWER_REMEDY()
        )

    def failure(self, done: subprocess.CompletedProcess[bytes]) -> UnreachableError:
        """Return the error of a question that failed."""
        if done.stderr.strip():
            return self.unreachable(reason(done))
        problem = words.KUBE_MUTE(program=self.command, code=done.returncode)
        return UnreachableError(problem, words.KUBE_ANSWER_REMEDY())

    def unreachable(self, why: str) -> UnreachableError:
        """Return the error of a cluster that gives no answer, or of a kubeconfig that leads to none."""
        if not self.kubeconfig and k3s.is_hidden() and (_DEFAULT in why or str(k3s.CONFIG) in why):
            return UnreachableError(words.K3S_HIDDEN(file=str(k3s.CONFIG)), words.K3S_HIDDEN_REMEDY())
        if _DEFAULT in why and not self.kubeconfig and (absent := _absent()):
            return UnreachableError(words.KUBE_NO_CONFIG(files=absent), words.KUBE_CONFIG_REMEDY())
        for pattern, problem, remedy in _WAYS:
            if pattern.search(why):
                return UnreachableError(problem(why=why), (remedy or self.advice)())
        if _CONFIG.search(why):
            return UnreachableError(words.KUBE_CONFIG(why=why), words.KUBE_CONFIG_REMEDY())
        return UnreachableError(words.KUBE_UNREACHABLE(why=why), self.advice())

    def select(self, kinds: str, namespace: str, selector: str) -> list[dict[str, Any]]:
        """Return the objects that a selector chooses. UnreachableError if kubectl gets no answer."""
        done = self.run("get", kinds, f"--namespace={namespace}", f"--selector={selector}", "--output=json")
        if done.returncode:
            raise self.failure(done)
        found = self.items(done.stdout)
        if not all(one.get("kind") and isinstance(one.get("metadata"), dict) for one in found):
            raise self.odd(done.stdout)
        return found

    @property
    def flags(self) -> list[str]:
        """The flags that name the cluster."""
        given = (("--kubeconfig", self.kubeconfig), ("--context", self.context))
        return [f"{flag}={value}" for flag, value in given if value]

    def typed(self, *arguments: str) -> Shell:
        """Return the command as the user types it, for the same cluster."""
        return joined([*self.command_words, *arguments, *self.flags])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run kubectl and return its result, also a failure.

        UnreachableError if kubectl is not there or does not answer in time.
        """
        return self._answer(arguments, b"")

    def feed(self, stdin: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run kubectl with this standard input, such as a password, and return its result."""
        return self._answer(arguments, stdin)

    def create(self, namespace: str, document: dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
        """Create an object and return kubectl's result, also a failure."""
        given = json.dumps(document).encode()
        return self._answer(("create", f"--namespace={namespace}", "--filename=-"), given)

    def apply(self, document: dict[str, Any]) -> None:
        """Create an object or bring it to this form. FailedError if kubectl refuses."""
        flags = ("--server-side", "--force-conflicts", "--field-manager=mcapp", "--filename=-")
        done = self._answer(("apply", *flags), json.dumps(document).encode())
        if done.returncode:
            raise FailedError(words.KUBE_REFUSED(kind=document["kind"], why=reason(done)))

    def replace(self, document: dict[str, Any]) -> None:
        """Write an object as it was read and changed. FailedError if it was changed meanwhile, or refused."""
        done = self._answer(("replace", "--filename=-"), json.dumps(document).encode())
        if done.returncode:
            raise FailedError(words.KUBE_REFUSED(kind=document["kind"], why=reason(done)))

    def must(self, *arguments: str) -> bytes:
        """Run kubectl and return what it prints. FailedError if it fails."""
        done = self.run(*arguments)
        if done.returncode:
            raise FailedError(words.KUBE_FAILED(command=arguments[0], why=reason(done)))
        return done.stdout

    def object(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """Return one object, None if it is not there. FailedError if it cannot be read."""
        within = (f"--namespace={namespace}",) if namespace else ()
        done = self.run("get", kind, name, *within, "--output=json")
        if done.returncode:
            if b"NotFound" in done.stderr:
                return None
            raise FailedError(words.KUBE_UNREADABLE(kind=kind, name=name, why=reason(done)))
        return self.named(done.stdout)

    def _answer(self, arguments: tuple[str, ...], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        # The flags come first: what follows `--` belongs to the program that kubectl runs in a pod.
        command = [*self.command_words, *self.flags, f"--request-timeout={self.seconds}s", *arguments]
        try:
            # Twice the limit of one request: kubectl sends several before it gives up.
            # Standard input is given, as kubectl would prompt there for a name and a password.
            return subprocess.run(
                command,
                input=stdin,
                capture_output=True,
                check=False,
                timeout=self.seconds * 2,
            )
        except OSError as error:
            raise unusable(command[0], error, words.KUBE_MISSING_REMEDY()) from None
        except subprocess.TimeoutExpired:
            why = words.KUBE_TIMEOUT(seconds=self.seconds * 2)
            raise UnreachableError(words.KUBE_SILENT(why=why), words.KUBE_SILENT_REMEDY()) from None

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start kubectl with a pipe to each of its streams and no time limit. UnreachableError without it."""
        command = [*self.command_words, *self.flags, *arguments]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise unusable(command[0], error, words.KUBE_MISSING_REMEDY()) from None


def unusable(program: str, error: OSError, remedy: Text) -> UnreachableError:
    """Return the error of a program that the system does not start."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return UnreachableError(words.KUBE_MISSING(program=program), remedy)
    why = error.strerror or str(error)
    return UnreachableError(words.PROGRAM_UNUSABLE(program=program, why=why), remedy)


def reason(done: subprocess.CompletedProcess[bytes], about: str = "") -> str:
    """Return the last line of what kubectl said (about something), without log lines and full stop."""
    said = done.stderr.decode(errors="replace").splitlines()
    lines = [line.strip() for line in said if line.strip(" .?") and about in line]
    spoken = [line for line in lines if not re.match(r"[EWI]\d{4} ", line)]
    if not lines:
        return translate(words.SAID_NOTHING(code=done.returncode))
    return (spoken or lines)[-1].removeprefix("error: ").rstrip(".?")


def _absent() -> str:
    """Return the kubeconfig files that kubectl looks for, "" where one of them is there."""
    given = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    files = [file for file in given.split(os.pathsep) if file]
    return "" if any(Path(file).exists() for file in files) else ", ".join(files)
