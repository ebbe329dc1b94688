"""The pod of a Job that a script has made, which waits to be told what to do."""

from __future__ import annotations

import time

from mcapp.errors import FailedError
from mcapp.kube.kubectl import Kubectl

_START_SECONDS = 300.0


def running_pod(kubectl: Kubectl, namespace: str, job: str, *, otherwise: str, remedy: str) -> str:
    """Return the name of the Job's pod when it runs.

    Raises UserError when it does not within five minutes: `otherwise`, what the node or the scheduler says,
    and `remedy`.
    """
    until = time.monotonic() + _START_SECONDS
    why = "it was not made"
    while time.monotonic() < until:
        for pod in kubectl.select("pods", namespace, f"batch.kubernetes.io/job-name={job}"):
            if "deletionTimestamp" in pod["metadata"]:
                continue
            status = pod["status"]
            for container in status.get("containerStatuses", []):
                if "running" in container["state"]:
                    return str(pod["metadata"]["name"])
                waiting = container["state"].get("waiting", {})
                why = waiting.get("message") or waiting.get("reason") or why
            unmet = (one for one in status.get("conditions", []) if one["status"] == "False")
            why = next((one["message"] for one in unmet if one["type"] == "PodScheduled"), why)
        time.sleep(0.3)
    raise FailedError(f"{otherwise}: {why}.", remedy)
