"""Signals for PostgreSQL's processes in a pod."""

from __future__ import annotations

from dev.kind.release import Release


def signal(release: Release, pod: str, title: str, name: str) -> None:
    """Send a signal, such as `STOP`, to PostgreSQL's process with this title, such as `checkpointer`."""
    # The brackets keep grep from finding itself.
    pids = f'grep -alE "^postgres: .*[{title[0]}]{title[1:]}" /proc/[0-9]*/cmdline | cut -d / -f 3'
    release.exec(pod, "sh", "-c", f"kill -{name} $({pids})", container="postgres")
