"""The pod on the target node that mounts the new volume while the data are copied and verified."""

from __future__ import annotations

import copy
from typing import Any

from mcapp.backup.server import Server
from mcapp.backup.shell import PodShell
from mcapp.errors import FailedError
from mcapp.kube.job import running_pod
from mcapp.kube.kubectl import Kubectl, reason
from mcapp.move import words

_SOCKET = "/tmp"  # noqa: S108 - in the pod
CONTAINER = "move"
# The volume with the CA of the servers, where connections are encrypted.
TRUST = "tls"
VERIFY = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/etc/mcapp/db-tls/ca.crt"}


def job(
    workload: dict[str, Any], name: str, claim_name: str, hostname: str, tolerations: list[Any]
) -> dict[str, Any]:
    """Return a Job with db's own image and rights, on one node, that waits for commands."""
    spec = copy.deepcopy(workload["spec"]["template"]["spec"])
    (db,) = [one for one in spec["containers"] if one["name"] == "postgres"]
    container = {key: db[key] for key in ("image", "imagePullPolicy", "resources", "securityContext")}
    container["env"] = [one for one in db["env"] if one["name"] == "PGDATA"]
    mounts = ("data", "run", "tmp", TRUST)
    container["volumeMounts"] = [one for one in db["volumeMounts"] if one["name"] in mounts]
    container |= {"name": CONTAINER, "command": ["sh", "-c", "trap exit TERM; sleep infinity & wait"]}
    volumes = [one for one in spec["volumes"] if one["name"] in mounts and one["name"] != "data"]
    volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": claim_name}})
    kept = ("securityContext", "imagePullSecrets", "automountServiceAccountToken", "enableServiceLinks")
    pod = {key: spec[key] for key in kept if key in spec}
    pod |= {
        "restartPolicy": "Never",
        # By a selector, not by nodeName: a volume that waits for its first pod is made only for a pod that
        # the scheduler has placed.
        "nodeSelector": {"kubernetes.io/hostname": hostname},
        "tolerations": tolerations,
        "containers": [container],
        "volumes": volumes,
    }
    labels = {**workload["spec"]["template"]["metadata"]["labels"], "app.kubernetes.io/component": "db-move"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": workload["metadata"]["namespace"], "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": 6 * 3600,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def trusts(workload: dict[str, Any]) -> bool:
    """Whether the pods of a workload have the CA of the servers."""
    return any(one["name"] == TRUST for one in workload["spec"]["template"]["spec"]["volumes"])


def shell(kubectl: Kubectl, namespace: str, name: str, password: str) -> PodShell:
    """Return the shell of the Job's pod when it runs.

    Raises FailedError, with what the node or the scheduler says, when it does not run within five minutes.
    """
    remedy = words.POD_WAITS_REMEDY()
    pod = running_pod(kubectl, namespace, name, problem=words.POD_WAITS, remedy=remedy)
    return PodShell(password, {"PGHOST": _SOCKET}, kubectl, namespace, pod, CONTAINER)


def require_space(source: Server, there: PodShell) -> None:
    """Raise FailedError unless the new volume has space for the data and a fifth more."""
    used = int(source.shell.run('du -sk "$PGDATA"').split()[0]) * 1024
    shown = there.run("df -Pk /var/lib/postgresql/data").decode().splitlines()
    free = int(shown[-1].split()[3]) * 1024
    if free < used * 1.2:
        problem = words.NO_SPACE(used=f"{used / 1e6:.0f}", free=f"{free / 1e6:.0f}")
        raise FailedError(problem, words.NO_SPACE_REMEDY())


def started() -> str:
    """Return the script that starts the copy where no client reaches it: only a socket in its own pod."""
    quiet = f"-c listen_addresses='' -c unix_socket_directories={_SOCKET}"
    return f'pg_ctl --pgdata="$PGDATA" --wait --silent --log={_SOCKET}/move.log --options="{quiet}" start'


def remove_job(kubectl: Kubectl, namespace: str, name: str) -> None:
    """Remove the Job with its pod. FailedError if that is refused."""
    _remove(kubectl, namespace, "job", name, "--cascade=foreground")


def remove(kubectl: Kubectl, namespace: str, name: str, claim_name: str) -> None:
    """Remove the Job and its claim. The volume is deleted with the claim, unless it is retained."""
    remove_job(kubectl, namespace, name)
    _remove(kubectl, namespace, "pvc", claim_name)


def _remove(kubectl: Kubectl, namespace: str, kind: str, name: str, *more: str) -> None:
    within = (f"--namespace={namespace}", "--ignore-not-found")
    done = kubectl.run("delete", kind, name, *within, *more, "--wait=true")
    if done.returncode:
        raise FailedError(words.NOT_REMOVED(kind=kind, name=name, why=reason(done)))
