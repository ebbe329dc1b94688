"""The machines that images are for. What a foreign one's image runs while it is built, qemu runs here."""

from __future__ import annotations

import platform
import shutil
from enum import StrEnum
from pathlib import Path

from dev.kind import host
from dev.kind.process import logged
from mcapp.errors import FailedError

BINFMT = Path("/proc/sys/fs/binfmt_misc")
# binfmt-support registers what qemu-user-static brings, and the kernel then opens qemu once: containers need
# no copy of it. https://docs.kernel.org/admin-guide/binfmt-misc.html, flag F
PACKAGES = ("binfmt-support", "qemu-user-static")


class Platform(StrEnum):
    """A platform by its OCI name; Debian calls the second part alike."""

    AMD64 = "linux/amd64"
    ARM64 = "linux/arm64"

    @property
    def arch(self) -> str:
        """Its architecture, by the name that OCI, Debian and Kubernetes use: ``arm64``."""
        return self.value.partition("/")[2]

    @property
    def machine(self) -> str:
        """Its architecture, by the name that the kernel and the wheels use: ``aarch64``."""
        return _MACHINES[self]

    @property
    def suffix(self) -> str:
        """What stands behind the name of an image for a foreign machine: ``-arm64``, or nothing."""
        return "" if self is NATIVE else f"-{self.arch}"

    def __str__(self) -> str:
        return self.value


_MACHINES = {Platform.AMD64: "x86_64", Platform.ARM64: "aarch64"}
NATIVE = next((one for one in Platform if _MACHINES[one] == platform.machine()), Platform.AMD64)


def ensure_runs(wanted: Platform) -> None:
    """Make this machine run programs of a platform, by qemu where they are foreign.

    Raises:
        UserError: the kernel does not take handlers of foreign programs.

    """
    if wanted is NATIVE or _is_registered(wanted):
        return
    host.install(PACKAGES)
    if not BINFMT.joinpath("register").exists():
        logged("binfmt", ["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT])
    if not _is_registered(wanted) and shutil.which("update-binfmts"):
        logged("binfmt", ["update-binfmts", "--enable", _handler(wanted)])
    if not _is_registered(wanted):
        raise FailedError(
            f"This machine does not run programs of {wanted}.",
            f"It needs qemu-user-static, and a kernel with binfmt_misc: {_handler(wanted)} in {BINFMT}.",
        )


def _handler(wanted: Platform) -> str:
    return f"qemu-{wanted.machine}"


def _is_registered(wanted: Platform) -> bool:
    entry = BINFMT / _handler(wanted)
    if not entry.exists():
        return False
    lines = entry.read_text().splitlines()
    return lines[0] == "enabled" and any(line.startswith("flags:") and "F" in line for line in lines)
