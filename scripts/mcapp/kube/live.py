"""Reads a cluster's inventory.

kubectl passes on the bytes that the API server sends (`get --raw`): to decode and print thousands of objects,
as `--output=json` has it, takes it seconds.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from mcapp.errors import UnreachableError
from mcapp.kube import words
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
# So much is shown of a page that is no answer.
_SAID = 80
_FORBIDDEN = re.compile(r'cannot list resource "(\w+)"')


def inventory(kubectl: Kubectl, namespace: str) -> Inventory:
    """Read all that placement depends on; the claims are those of one namespace.

    What the rights forbid stays unread. UnreachableError if there are no nodes, or they may not be read.
    """
    # First and alone: it shows whether there is a cluster, and kubectl may have to log in.
    nodes = _listed(kubectl, namespace, "Node")
    if not nodes:
        raise UnreachableError(words.KUBE_EMPTY(), kubectl.advice())
    rest = [kind for kind in KINDS if kind != "Node"]
    with ThreadPoolExecutor(len(rest)) as pool:
        found = dict(zip(rest, pool.map(partial(_listed, kubectl, namespace), rest), strict=True))
    items = [*nodes, *(item for listed in found.values() for item in listed or ())]
    return from_objects(items, "kubectl", [kind for kind, listed in found.items() if listed is not None])


def _listed(kubectl: Kubectl, namespace: str, kind: str) -> list[dict[str, Any]] | None:
    """Return all objects of a kind, None where they may not be read."""
    done = kubectl.run("get", "--raw", _PATHS[kind].format(namespace=namespace))
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
