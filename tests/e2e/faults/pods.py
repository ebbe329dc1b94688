"""Faults of pods: an image that is missing, too little memory, a crash, a failing probe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.faults.objects import container, pod_changed
from tests.e2e.faults.site import Site


@contextmanager
def image_on_other_node(site: Site) -> Iterator[None]:
    ctr = ("ctr", "--namespace", "k8s.io", "images")
    image, copy = "docker.io/library/postgres:16", "docker.io/library/postgres:laptop"
    site.on(site.laptop, *ctr, "tag", "--force", image, copy)
    try:
        change = container("postgres", image="postgres:laptop", imagePullPolicy="Never")
        with pod_changed(site, "statefulset/db", change):
            yield
    finally:
        site.on(site.laptop, *ctr, "rm", copy)


@contextmanager
def little_memory(site: Site) -> Iterator[None]:
    resources = {"requests": {"memory": "16Mi"}, "limits": {"memory": "24Mi"}}
    with pod_changed(site, "deployment/api", container("api", resources=resources)):
        yield


@contextmanager
def too_large(site: Site) -> Iterator[None]:
    change = container("nginx", resources={"requests": {"cpu": "500"}})
    with pod_changed(site, "deployment/web", change):
        yield


@contextmanager
def crashing(site: Site) -> Iterator[None]:
    script = "echo 'nginx: [emerg] host not found in upstream' >&2; exit 3"
    with pod_changed(site, "deployment/web", container("nginx", command=["sh", "-c", script])):
        yield


@contextmanager
def probe_fails(site: Site) -> Iterator[None]:
    probe = {"httpGet": {"path": "/nothing-here", "port": "http"}, "periodSeconds": 2}
    with pod_changed(site, "deployment/web", container("nginx", readinessProbe=probe)):
        yield
