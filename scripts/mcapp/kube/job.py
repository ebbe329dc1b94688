"""The pod of a Job that a tool has made and that waits for the tool's commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcapp.errors import FailedError
from mcapp.kube import words
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.pods import condition, leaving
from mcapp.messages import Text, Words
from mcapp.wait import until

_START_SECONDS = 300.0


def running_pod(kubectl: Kubectl, namespace: str, job: str, *, problem: Words, remedy: Text) -> str:
    """Return the name of the Job's pod when it runs.

    Raises FailedError when it does not run within five minutes: `problem`, whose part `why` is what the
    node or the scheduler says, and `remedy`.
    """
    why: Text | str = words.JOB_NO_POD(job=job)

    def look() -> str:
        nonlocal why
        for pod in kubectl.select("pods", namespace, f"batch.kubernetes.io/job-name={job}"):
            if leaving(pod):
                continue
            if runs(pod):
                return str(pod["metadata"]["name"])
            why = waits_for(pod) or why
        return ""

    if name := until(look, _START_SECONDS):
        return name
    raise FailedError(problem(why=why), remedy)


def runs(pod: Mapping[str, Any]) -> bool:
    """Whether a container of the pod runs."""
    return any("running" in one["state"] for one in pod["status"].get("containerStatuses", []))


def waits_for(pod: Mapping[str, Any]) -> str:
    """Return why the pod does not run: the scheduler's message, else that of the node; "" if none tells."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return str(scheduled.get("message", "")).rstrip(".")
    waiting = [one["state"].get("waiting", {}) for one in pod["status"].get("containerStatuses", [])]
    return next((str(text) for one in waiting if (text := one.get("message") or one.get("reason"))), "")
