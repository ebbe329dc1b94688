"""Faults of nodes: labels, taints, a stopped kubelet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mcapp.errors import UserError
from tests.e2e.faults.site import Site


@contextmanager
def no_label(site: Site) -> Iterator[None]:
    site.cluster.kubectl("label", "node", site.lab, "role-")
    try:
        site.restart_db()
        yield
    finally:
        site.cluster.kubectl("label", "node", site.lab, "role=database", "--overwrite")


@contextmanager
def label_moved(site: Site) -> Iterator[None]:
    site.cluster.kubectl("label", "node", site.lab, "role-")
    site.cluster.kubectl("label", "node", site.laptop, "role=database")
    try:
        site.restart_db()
        yield
    finally:
        site.cluster.kubectl("label", "node", site.laptop, "role-")
        site.cluster.kubectl("label", "node", site.lab, "role=database", "--overwrite")


@contextmanager
def kubelet_stopped(site: Site) -> Iterator[None]:
    node = f"node/{site.lab}"
    site.on(site.lab, "systemctl", "stop", "kubelet")
    try:
        site.cluster.kubectl("wait", "--for=condition=Ready=Unknown", node, "--timeout=120s")
        yield
    finally:
        site.on(site.lab, "systemctl", "start", "kubelet")
        site.cluster.kubectl("wait", "--for=condition=Ready", node, "--timeout=60s")


@contextmanager
def cordoned(site: Site) -> Iterator[None]:
    site.cluster.kubectl("cordon", site.lab)
    try:
        site.restart_db()
        yield
    finally:
        site.cluster.kubectl("uncordon", site.lab)


@contextmanager
def tainted(site: Site) -> Iterator[None]:
    site.cluster.kubectl("taint", "node", site.lab, "course=exam:NoSchedule")
    try:
        site.restart_db()
        yield
    finally:
        with suppress(UserError):
            # The remedy may have taken it away.
            site.cluster.kubectl("taint", "node", site.lab, "course=exam:NoSchedule-")
