"""Reads a cluster's inventory.

kubectl passes on the bytes that the API server sends (`get --raw`): to decode and print thousands of objects,
as `--output=json` has it, takes it seconds.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mcapp.errors import UnreachableError
from mcapp.kube import nodes, words
from mcapp.kube.inventory import KINDS, Inventory, from_objects
from mcapp.kube.kubectl import Kubectl, reason
from mcapp.messages import plain

# All objects of a kind, but for pods that have ended: they take no place on a node.
_PATHS = {
    "Node": "/api/v1/nodes",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
    "Service": "/api/v1/services",
    "Pod": "/api/v1/pods?fieldSelector=status.phase!=Succeeded,status.phase!=Failed",
    "PersistentVolume": "/api/v1/persistentvolumes",
    "PersistentVolumeClaim": "/api/v1/namespaces/{namespace}/persistentvolumeclaims",
}
# Beside virtual nodes, the pods of so many machines are read machine by machine, and no others.
_FEW = 16
# So much is shown of a page that is no answer.
_SAID = 80
_FORBIDDEN = re.compile(r'cannot list resource "(\w+)"')


def inventory(kubectl: Kubectl, namespace: str) -> Inventory:
    """Read all that placement depends on; the claims are those of one namespace.

    What the rights forbid stays unread. UnreachableError if there are no nodes, or they may not be read.
    """
    # First and alone: it shows whether there is a cluster, and kubectl may have to log in.
    items = _listed(kubectl, "Node", _PATHS["Node"])
    if not items:
        raise UnreachableError(words.KUBE_EMPTY(), kubectl.advice())
    asked = [
        (kind, path.format(namespace=namespace))
        for kind, path in _PATHS.items()
        if kind not in ("Node", "Pod")
    ]
    asked += [("Pod", path) for path in _pods(items)]
    with ThreadPoolExecutor(len(_PATHS)) as pool:
        found = list(pool.map(lambda one: _listed(kubectl, *one), asked))
    read = {kind for (kind, _), listed in zip(asked, found, strict=True) if listed is not None}
    items += [item for listed in found for item in listed or ()]
    return from_objects(items, "kubectl", read)


def _pods(items: list[dict[str, Any]]) -> list[str]:
    """Return the paths of the pods that matter: those of virtual nodes may be thousands, and do not."""
    every = [nodes.parse(item, f"items[{position}]") for position, item in enumerate(items)]
    machines = [node.name for node in every if not node.virtual]
    if len(machines) == len(every) or not 0 < len(machines) <= _FEW:
        return [_PATHS["Pod"]]
    return [f"{_PATHS['Pod']},spec.nodeName={name}" for name in machines]


def _listed(kubectl: Kubectl, kind: str, path: str) -> list[dict[str, Any]] | None:
    """Return the objects of a list, None where they may not be read."""
    done = kubectl.run("get", "--raw", path)
    if done.stdout.lstrip().startswith(b"<"):
        why = plain(done.stdout.decode(errors="replace").split("\n")[0][:_SAID])
        raise UnreachableError(words.KUBE_OTHER_SERVER(why=why), words.KUBE_OTHER_SERVER_REMEDY())
    if not done.returncode:
        # The items of a list have no kind of their own.
        return [{**item, "kind": kind} for item in kubectl.items(done.stdout)]
    if KINDS[kind] not in _FORBIDDEN.findall(done.stderr.decode(errors="replace")):
        raise kubectl.failure(done)
    if kind == "Node":
        why = reason(done, KINDS[kind])
        raise UnreachableError(words.KUBE_FORBIDDEN(why=why), kubectl.without_nodes())
    return None
