"""Faults of objects: deleted, changed, or not admitted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.faults.side import SIDE, side, side_release
from tests.e2e.faults.site import Site


@contextmanager
def nothing(site: Site) -> Iterator[None]:
    """Break nothing: the doctor is asked about a release that does not exist."""
    del site
    yield


@contextmanager
def deleted(site: Site, what: str) -> Iterator[None]:
    """Delete an object, and create it again at the end."""
    saved = site.saved(what)
    site.kubectl("delete", what)
    try:
        yield
    finally:
        site.restore(saved)


@contextmanager
def pod_changed(site: Site, what: str, change: dict[str, Any]) -> Iterator[None]:
    """Change a workload's pod template, and undo that at the end, together with the pods."""
    saved = site.saved(what)
    before = json.loads(saved)["spec"]["template"]
    site.patch(what, {"spec": {"template": change}})
    try:
        yield
    finally:
        site.restore(saved)
        # To apply the saved object does not remove a field that the change has added.
        whole = json.dumps([{"op": "replace", "path": "/spec/template", "value": before}])
        site.kubectl("patch", what, "--type=json", "--patch", whole)
        if what.startswith("statefulset"):
            site.kubectl("delete", "pod", "db-0", "--grace-period=5")


@contextmanager
def secret_gone(site: Site) -> Iterator[None]:
    with deleted(site, "secret/postgres-secret"):
        site.kubectl("rollout", "restart", "deployment/api")
        yield


@contextmanager
def configmap_gone(site: Site) -> Iterator[None]:
    with deleted(site, "configmap/postgres-init"):
        site.restart_db()
        yield
    # The kubelet tries a mount again only after a while.
    site.restart_db()


@contextmanager
def workload_gone(site: Site) -> Iterator[None]:
    with deleted(site, "deployment/web"):
        yield


@contextmanager
def scaled_to_zero(site: Site) -> Iterator[None]:
    site.kubectl("scale", "deployment/web", "--replicas=0")
    try:
        yield
    finally:
        site.kubectl("scale", "deployment/web", "--replicas=1")


@contextmanager
def quota(site: Site) -> Iterator[None]:
    site.cluster.kubectl("create", "namespace", SIDE)
    side(site).kubectl("create", "quota", "course", "--hard=pods=0")
    with side_release(site):
        yield


@contextmanager
def limits(site: Site) -> Iterator[None]:
    site.cluster.kubectl("create", "namespace", SIDE)
    limit = {"type": "Container", "max": {"cpu": "5m", "memory": "8Mi"}}
    tiny = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "tiny"},
        "spec": {"limits": [limit]},
    }
    side(site).apply_manifest(json.dumps(tiny))
    with side_release(site):
        yield


@contextmanager
def privileged(site: Site) -> Iterator[None]:
    enforce = "pod-security.kubernetes.io/enforce"
    label = ("label", "namespace", site.namespace)
    site.cluster.kubectl(*label, f"{enforce}=restricted", "--overwrite")
    try:
        change = container("nginx", securityContext={"allowPrivilegeEscalation": True})
        with pod_changed(site, "deployment/web", change):
            yield
    finally:
        site.cluster.kubectl(*label, f"{enforce}-")


def container(name: str, **change: Any) -> dict[str, Any]:
    """Return a change of one container for `pod_changed`."""
    return {"spec": {"containers": [{"name": name, **change}]}}
