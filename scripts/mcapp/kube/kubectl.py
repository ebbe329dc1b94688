"""Access to a cluster through kubectl, with as little between as possible."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from mcapp.errors import FailedError, UnreachableError
from mcapp.kube import words
from mcapp.kube.inventory import KINDS, Inventory, from_objects
from mcapp.messages import Words

_FORBIDDEN = re.compile(r'cannot list resource "(\w+)"')
# What kubectl and client-go print when the kubeconfig, not the cluster, is at fault.
_CONFIG = re.compile(
    r"error loading config|error in configuration|invalid configuration|context .*does not exist"
    r"|no context exists|no such file or directory|permission denied|unable to (read|load)"
    r"|yaml:|json:|couldn't get version/kind",
    re.IGNORECASE,
)

NOT_THERE = (FileNotFoundError, PermissionError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Kubectl:
    """How to call kubectl: its command ("k3s kubectl" has two words), and the cluster."""

    command: str = "kubectl"
    kubeconfig: str = ""
    context: str = ""
    seconds: int = 20
    # What a user can do where no cluster answers.
    advice: Words = words.KUBE_UNREACHABLE_REMEDY

    @classmethod
    def of(cls, asked: argparse.Namespace, advice: Words = words.KUBE_UNREACHABLE_REMEDY) -> Kubectl:
        """Return the kubectl that a command's options name."""
        return cls(asked.kubectl, asked.kubeconfig, asked.context, asked.timeout, advice)

    @property
    def command_words(self) -> list[str]:
        """The command's words; a path may contain blanks."""
        return [self.command] if shutil.which(self.command) else shlex.split(self.command)

    def inventory(self, namespace: str) -> Inventory:
        """Read all that placement depends on. What the rights forbid stays unread.

        UnreachableError if there are no nodes, or they may not be read.
        """
        wide = [kind for kind in KINDS if kind != "PersistentVolumeClaim"]
        items, read = self._get(wide, "--all-namespaces")
        if "Node" not in read:
            raise UnreachableError(words.KUBE_ANSWER(), self.advice())
        claims, more = self._get(["PersistentVolumeClaim"], f"--namespace={namespace}")
        if not any(item.get("kind") == "Node" for item in items):
            raise UnreachableError(words.KUBE_EMPTY(), self.advice())
        return from_objects([*items, *claims], "kubectl", [*read, *more])

    def label(self, node: str, labels: list[str]) -> None:
        """Label a node; a label that has another value stays as it is. FailedError if kubectl refuses."""
        done = self.run("label", "node", node, *labels)
        if done.returncode:
            raise FailedError(
                words.LABEL_FAILED(node=node, why=reason(done.stderr)),
                words.LABEL_FAILED_REMEDY(node=node, labels=labels),
            )

    def _get(self, kinds: list[str], scope: str) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the objects, and the kinds that could be read."""
        done = self.run("get", ",".join(KINDS[kind] for kind in kinds), scope, "--output=json")
        forbidden = set(_FORBIDDEN.findall(done.stderr.decode(errors="replace")))
        if KINDS["Node"] in forbidden:
            why = reason(done.stderr, KINDS["Node"])
            raise UnreachableError(words.KUBE_FORBIDDEN(why=why), words.KUBE_FORBIDDEN_REMEDY())
        if done.returncode and not forbidden:
            raise self.unreachable(reason(done.stderr))
        read = [kind for kind in kinds if KINDS[kind] not in forbidden]
        if not read:
            return [], []
        try:
            items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
        except (ValueError, KeyError, TypeError):
            raise UnreachableError(words.KUBE_ANSWER(), self.advice()) from None
        return items, read

    def unreachable(self, why: str) -> UnreachableError:
        """Return the error of a cluster that gives no answer, or of a kubeconfig that leads to none."""
        if _CONFIG.search(why):
            return UnreachableError(words.KUBE_CONFIG(why=why), words.KUBE_CONFIG_REMEDY())
        return UnreachableError(words.KUBE_UNREACHABLE(why=why), self.advice())

    def select(self, kinds: str, namespace: str, selector: str) -> list[dict[str, Any]]:
        """Return the objects that a selector chooses. UnreachableError if kubectl gets no answer."""
        done = self.run("get", kinds, f"--namespace={namespace}", f"--selector={selector}", "--output=json")
        if done.returncode:
            raise self.unreachable(reason(done.stderr))
        items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
        return items

    @property
    def flags(self) -> list[str]:
        """The flags that name the cluster."""
        given = (("--kubeconfig", self.kubeconfig), ("--context", self.context))
        return [f"{flag}={value}" for flag, value in given if value]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run kubectl and return its result, also a failure.

        UnreachableError if kubectl is not there or does not answer in time.
        """
        return self._answer(arguments, b"")

    def create(self, namespace: str, document: dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
        """Create an object and return kubectl's result, also a failure."""
        given = json.dumps(document).encode()
        return self._answer(("create", f"--namespace={namespace}", "--filename=-"), given)

    def apply(self, document: dict[str, Any]) -> None:
        """Create an object or bring it to this form. FailedError if kubectl refuses."""
        flags = ("--server-side", "--force-conflicts", "--field-manager=mcapp", "--filename=-")
        done = self._answer(("apply", *flags), json.dumps(document).encode())
        if done.returncode:
            raise FailedError(words.KUBE_REFUSED(kind=document["kind"], why=reason(done.stderr)))

    def replace(self, document: dict[str, Any]) -> None:
        """Write an object as it was read and changed. FailedError if it was changed meanwhile, or refused."""
        done = self._answer(("replace", "--filename=-"), json.dumps(document).encode())
        if done.returncode:
            raise FailedError(words.KUBE_REFUSED(kind=document["kind"], why=reason(done.stderr)))

    def must(self, *arguments: str) -> bytes:
        """Run kubectl and return what it prints. FailedError if it fails."""
        done = self.run(*arguments)
        if done.returncode:
            raise FailedError(words.KUBE_FAILED(command=arguments[0], why=reason(done.stderr)))
        return done.stdout

    def object(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """Return one object, None if it is not there. FailedError if it cannot be read."""
        within = (f"--namespace={namespace}",) if namespace else ()
        done = self.run("get", kind, name, *within, "--output=json")
        if done.returncode:
            if b"NotFound" in done.stderr:
                return None
            raise FailedError(words.KUBE_UNREADABLE(kind=kind, name=name, why=reason(done.stderr)))
        found: dict[str, Any] = json.loads(done.stdout)
        return found

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
        except NOT_THERE:
            raise _missing(command[0]) from None
        except subprocess.TimeoutExpired:
            raise UnreachableError(
                words.KUBE_UNREACHABLE(why=words.KUBE_TIMEOUT(seconds=self.seconds * 2)),
                self.advice(),
            ) from None

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start kubectl with a pipe to each of its streams and no time limit. UnreachableError without it."""
        command = [*self.command_words, *self.flags, *arguments]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        except NOT_THERE:
            raise _missing(command[0]) from None


def _missing(program: str) -> UnreachableError:
    return UnreachableError(words.KUBE_MISSING(program=program), words.KUBE_MISSING_REMEDY())


def reason(stderr: bytes, about: str = "") -> str:
    """Return the last line that kubectl printed (about something), without log lines and full stop."""
    printed = stderr.decode(errors="replace").splitlines()
    lines = [line.strip() for line in printed if line.strip() and about in line]
    spoken = [line for line in lines if not re.match(r"[EWI]\d{4} ", line)]
    return (spoken or lines or ["?"])[-1].removeprefix("error: ").rstrip(".?")
