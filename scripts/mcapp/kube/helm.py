"""Runs helm on a release of the cluster that kubectl asks."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mcapp.errors import FailedError
from mcapp.kube import words
from mcapp.kube.kubectl import Kubectl, unusable

# So much is shown of what helm says when it fails.
_SAID = 600


def run(program: str, kubectl: Kubectl, namespace: str, *arguments: str | Path, stdin: str = "") -> str:
    """Run helm in a namespace and return what it prints.

    Raises UnreachableError if there is no helm, and FailedError with the end of its output if it fails.
    """
    flags = [f"--namespace={namespace}"]
    flags += [f"--kubeconfig={kubectl.kubeconfig}"] if kubectl.kubeconfig else []
    flags += [f"--kube-context={kubectl.context}"] if kubectl.context else []
    try:
        done = subprocess.run(
            [program, *map(str, arguments), *flags],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise unusable(program, error, words.NO_HELM_REMEDY()) from None
    if done.returncode:
        said = " ".join(done.stderr.split())[-_SAID:].rstrip(".")
        why = said or words.SAID_NOTHING(code=done.returncode)
        raise FailedError(words.HELM_FAILED(command=str(arguments[0]), why=why))
    return done.stdout
