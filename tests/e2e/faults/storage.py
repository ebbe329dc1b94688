"""Faults of storage: no StorageClass, no provisioner, a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dev.kind.client import Client
from dev.load.disks import filled, own_disk
from tests.e2e.faults.side import side_release
from tests.e2e.faults.site import Site

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@contextmanager
def no_default_class(site: Site) -> Iterator[None]:
    cluster = site.cluster
    (name,) = (item["metadata"]["name"] for item in cluster.get("storageclasses")["items"])
    cluster.kubectl("annotate", "storageclass", name, f"{_DEFAULT_CLASS}=false", "--overwrite")
    try:
        with side_release(site):
            yield
    finally:
        cluster.kubectl("annotate", "storageclass", name, f"{_DEFAULT_CLASS}=true", "--overwrite")


@contextmanager
def no_provisioner(site: Site) -> Iterator[None]:
    provisioner = Client(site.cluster, "local-path-storage")
    provisioner.kubectl("scale", "deployment/local-path-provisioner", "--replicas=0")
    try:
        with side_release(site):
            yield
    finally:
        provisioner.kubectl("scale", "deployment/local-path-provisioner", "--replicas=1")


@contextmanager
def disk_full(site: Site) -> Iterator[None]:
    with own_disk(site), filled(site):
        yield
