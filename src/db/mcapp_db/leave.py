"""Runs before a member's pod stops: the first member and another one must not restart together.

They belong to two StatefulSets, and an upgrade rolls both at the same time. The last of three members could
not become the leader alone: it cannot know that it has every acknowledged write.
"""

from __future__ import annotations

import os
import time
import urllib.error
from collections.abc import Sequence
from typing import Any

from mcapp_db import kube

# After this time both controllers have deleted their pod.
SETTLE_SECONDS = 2
# For a moment, between its old pod and its new one, the first member has no pod.
GONE_SECONDS = 5
# Less than the chart's terminationGracePeriodSeconds, which includes the shutdown.
WAIT_SECONDS = 40


def main(_arguments: Sequence[str]) -> None:
    """Wait while the first member restarts, but not for a first member that does not come back."""
    if os.environ["POD_NAME"] == os.environ["MCAPP_FOUNDER"] or _is_replaced():
        return
    time.sleep(SETTLE_SECONDS)
    began = seen = time.monotonic()
    while (now := time.monotonic()) < began + WAIT_SECONDS and now < seen + GONE_SECONDS:
        try:
            pod = _pod("MCAPP_FOUNDER")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                return
        except OSError:
            return
        else:
            if _stands(pod):
                return
            seen = time.monotonic()
        time.sleep(0.5)


def _is_replaced() -> bool:
    """Whether the pod was deleted without grace: no pod has its name, or another pod has."""
    try:
        pod = _pod("POD_NAME")
    except OSError:
        return True
    return bool(pod.get("status", {}).get("podIP") != os.environ["POD_IP"])


def _pod(named_by: str) -> dict[str, Any]:
    return kube.call("GET", f"api/v1:pods/{os.environ[named_by]}")


def _stands(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]
