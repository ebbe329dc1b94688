"""A second release, which waits for whatever is broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from dev.kind.release import Release
from mcapp.config import CHART
from mcapp.errors import UserError
from tests.e2e.faults.site import Site

SIDE = "doctor-side"
# The doctor's options for it.
IN_SIDE = ("--namespace", SIDE, "--release", "side")
_VALUES = "web.service.type=ClusterIP,api.replicas=1,db.persistence.keep=false"


def side(site: Site) -> Release:
    """Return the second release, installed or not."""
    return Release(site.cluster, SIDE, "side")


@contextmanager
def side_release(site: Site, *settings: str) -> Iterator[None]:
    """Install the second release, and delete it with its namespace at the end."""
    release = side(site)
    try:
        release.helm("install", CHART, "--create-namespace", "--set", ",".join((_VALUES, *settings)))
        yield
    finally:
        with suppress(UserError):
            release.helm("uninstall", "--no-hooks")
        # Its pods need no orderly end.
        release.kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
        site.cluster.kubectl("delete", "namespace", SIDE, "--ignore-not-found", "--wait=true")
