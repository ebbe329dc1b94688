"""The processes of PostgreSQL in a pod, to be stopped where they stand and let go again."""

from __future__ import annotations

from dev.kind.cluster import Cluster
from mcapp.config import NAMESPACE


def signal(cluster: Cluster, pod: str, title: str, name: str) -> None:
    """Send a signal, such as `STOP`, to PostgreSQL's process with this title, such as `checkpointer`."""
    # The brackets keep grep from finding itself.
    found = f'grep -alE "^postgres: .*[{title[0]}]{title[1:]}" /proc/[0-9]*/cmdline | cut -d / -f 3'
    within = ("-n", NAMESPACE, "exec", pod, "-c", "postgres", "--", "sh", "-c")
    cluster.kubectl(*within, f"kill -{name} $({found})")
