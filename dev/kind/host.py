"""The machine itself: what it must have before anything starts, and Debian packages."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from dev.kind.process import logged, succeeds
from mcapp.errors import FailedError, UserError
from mcapp.progress import step

GIB = 2**30
WATCHES = 1024


def is_root() -> bool:
    """Tell whether this process may do everything on this machine."""
    return os.geteuid() == 0


def require_root(what: str) -> None:
    """Refuse to go on without root; `what` says what needs it."""
    if not is_root():
        raise UserError(f"{what} needs root.", "Run it as root, or with `sudo`.")


def require_disk(path: Path, gib: int) -> None:
    """Refuse to go on when fewer than ``gib`` GiB are free where ``path`` is or will be."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    free = shutil.disk_usage(existing).free / GIB
    if free < gib:
        raise UserError(
            f"{existing} has {free:.1f} GiB free, and {gib} GiB are needed.",
            "Make room, or set MCAPP_CACHE to a folder on a larger disk.",
        )


def require_free_port(port: int, address: str = "127.0.0.1") -> None:
    """Refuse to go on when something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise UserError(
                f"Port {port} on {address} is taken ({error.strerror}).",
                f"Stop what listens there (`ss -ltnp sport = :{port}` names it), or choose another "
                f"port: `make up PORT=30081`.",
            ) from error


def raise_watches() -> None:
    """Let this kernel's programs watch files often enough for several nodes.

    Each node's kubelet, kube-proxy and container runtime take some of the usual 128; the first that gets none
    ends with "too many open files". The limit holds for each user until the machine restarts.
    """
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if limit.exists() and int(limit.read_text()) < WATCHES:
        with contextlib.suppress(OSError):
            limit.write_text(str(WATCHES))


def lock(path: Path) -> None:
    """Wait until no other run holds the lock, then hold it until this process ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Deliberately left open: the lock lives as long as the descriptor.
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
    except PermissionError as error:
        raise UserError(
            f"{path.parent} is not yours to write.", "Set MCAPP_CACHE to a folder of your own."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with step("Waiting for another run of the set-up to end"):
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def install(packages: Iterable[str], split_off: Iterable[str] = ()) -> None:
    """Install the Debian packages that are missing.

    `split_off` are those that an older release has as a part of another, and not by this name.

    Raises:
        UserError: this is no Debian, or apt cannot install one of them.

    """
    newer = [name for name in split_off if not _installed(name) and succeeds(["apt-cache", "show", name])]
    missing = [*(name for name in packages if not _installed(name)), *newer]
    if not missing:
        return
    if not is_root():
        raise UserError(
            f"These packages are missing: {', '.join(missing)}.",
            f"Run `sudo apt-get install {' '.join(missing)}` once, or run this as root.",
        )
    if not shutil.which("apt-get"):
        raise FailedError(
            f"These are missing and there is no apt-get here: {', '.join(missing)}.",
            "Install them by hand; the set-up is made for Debian.",
        )
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing Debian packages: {' '.join(missing)}"):
        logged("apt", ["apt-get", "update"], env=env)
        logged("apt", ["apt-get", "install", "-y", "--no-install-recommends", *missing], env=env)


def _installed(package: str) -> bool:
    return succeeds(["dpkg-query", "--showformat=${db:Status-Status}", "--show", package]) and (
        Path(f"/var/lib/dpkg/info/{package}.list").exists()
        or Path(f"/var/lib/dpkg/info/{package}:amd64.list").exists()
    )
