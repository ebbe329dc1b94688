"""The Docker engine: the user's where one answers, else one of our own beside it."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from dev.kind import host
from dev.kind.process import output, succeeds
from dev.kind.versions import cache_dir
from mcapp import wait
from mcapp.errors import FailedError, UserError
from mcapp.messages import announce
from mcapp.progress import step

PACKAGES = ("docker.io", "iptables", "ca-certificates")
# Parts of docker.io in Debian 12, packages of their own in Debian 13.
SPLIT_OFF = ("docker-cli", "docker-buildx")
RUN = Path("/run/mcapp-docker")
SOCKET = RUN / "docker.sock"
START_SECONDS = 60
# A mirror of Docker Hub for our own engine: http://host:port. The user's engine has settings of its own.
MIRROR = "MCAPP_REGISTRY_MIRROR"
STOP_SECONDS = 30


def ensure() -> None:
    """Make a Docker engine answer, and point DOCKER_HOST at it where it is our own.

    Raises:
        UserError: no engine runs and none can be started.

    """
    require()
    if os.environ.get("DOCKER_HOST") == f"unix://{SOCKET}" or not _answers():
        os.environ["DOCKER_HOST"] = f"unix://{SOCKET}"
        if not _answers():
            host.install(PACKAGES, SPLIT_OFF)
            _start()
        elif host.is_root():
            _reload()
    _put_client_first()


def require() -> None:
    """Refuse to go on as a user whom no engine answers: only root can start one."""
    if not host.is_root() and not _answers():
        name = pwd.getpwuid(os.geteuid()).pw_name
        raise UserError(
            "No Docker engine answers you.",
            f"Start Docker, or join its group (`sudo usermod -aG docker {name}`, then log in again). "
            "As root, this starts an engine of its own.",
        )


def is_own() -> bool:
    """Tell whether the engine in use is the one that `ensure` started."""
    return os.environ.get("DOCKER_HOST") == f"unix://{SOCKET}"


def stop_own() -> None:
    """Stop our own engine, if it runs and is ours to stop; the user's is left alone."""
    if not host.is_root():
        return
    pidfile = RUN / "docker.pid"
    try:
        pid = int(pidfile.read_text())
        if not _is_engine(pid):
            return
        os.kill(pid, signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return
    with step("Stopping the Docker engine that the set-up had started"):
        wait.until(lambda: not _is_engine(pid), STOP_SECONDS, pause=0.1)


def _is_engine(pid: int) -> bool:
    """Tell whether a process is an engine that runs; one that has ended has no command line left."""
    try:
        return "dockerd" in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def docker(*arguments: str | Path, stdin: str | None = None) -> str:
    """Run a quick `docker` command on the engine in use and return what it printed."""
    return output([client(), *arguments], stdin=stdin)


@cache
def client() -> str:
    """Return a Docker client that can build with BuildKit; a newer one without its plugin cannot."""
    for found in filter(None, (shutil.which("docker"), "/usr/bin/docker")):
        # What stands first on PATH may be the link that `_put_client_first` made.
        path = str(Path(found).resolve())
        version = re.search(r"(\d+)\.", output([path, "--version"])) if Path(path).exists() else None
        if version and (int(version[1]) < 23 or succeeds([path, "buildx", "version"])):
            return path
    raise FailedError(
        "The Docker client on this machine cannot build images (buildx is missing).",
        "Install Docker's buildx plugin, or Debian's docker.io.",
    )


def _answers() -> bool:
    return succeeds(["docker", "version", "--format", "{{.Server.Version}}"], timeout=20)


def _put_client_first() -> None:
    """Let programs that call `docker` by name, such as kind, find the client that was chosen."""
    folder = cache_dir() / "docker" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "docker"
    if not link.is_symlink() or str(link.readlink()) != client():
        link.unlink(missing_ok=True)
        link.symlink_to(client())
    if str(folder) not in os.environ["PATH"].split(":"):
        os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"


def _mirrors() -> list[str]:
    mirror = os.environ.get(MIRROR)
    return [mirror] if mirror else []


def _reload() -> None:
    """Let our own engine take another mirror, which it does while it runs."""
    config = cache_dir() / "docker" / "daemon.json"
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        settings = json.loads(config.read_text())
        if settings.get("registry-mirrors", []) != _mirrors():
            config.write_text(json.dumps({**settings, "registry-mirrors": _mirrors()}, indent=2))
            os.kill(int((RUN / "docker.pid").read_text()), signal.SIGHUP)


def _start() -> None:
    folder = cache_dir() / "docker"
    folder.mkdir(parents=True, exist_ok=True)
    RUN.mkdir(parents=True, exist_ok=True)
    settings: dict[str, object] = {
        "data-root": str(folder / "data"),
        "exec-root": str(RUN / "exec"),
        "pidfile": str(RUN / "docker.pid"),
        "hosts": [f"unix://{SOCKET}"],
        "storage-driver": "overlay2",
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "log-opts": {"max-size": "10m"},
        "log-driver": "json-file",
        "registry-mirrors": _mirrors(),
    }
    if lacking := lacking_capabilities():
        announce(f"    this machine withholds {', '.join(lacking)}: containers are started without")
        settings["runtimes"] = {"mcapp": {"path": str(_runtime_wrapper(folder, lacking))}}
        settings["default-runtime"] = "mcapp"
    config = folder / "daemon.json"
    config.write_text(json.dumps(settings, indent=2))
    log = folder / "dockerd.log"
    with step("Starting a Docker engine of our own"):
        with log.open("ab") as file:
            daemon = subprocess.Popen(
                ["/usr/sbin/dockerd", "--config-file", config],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait.until(lambda: _answers() or daemon.poll() is not None, START_SECONDS, pause=0.2)
        if _answers():
            return
        tail = "\n  ".join(log.read_text(errors="replace").splitlines()[-10:])
        raise FailedError(f"dockerd did not start:\n  {tail}\n", f"The whole log is {log}.")


def lacking_capabilities() -> list[str]:
    """Return the capabilities this machine withholds even from root, by their OCI names."""
    text = Path("/proc/self/status").read_text()
    bounding = int(re.search(r"^CapBnd:\s*([0-9a-f]+)", text, re.MULTILINE)[1], 16)  # type: ignore[index]
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    known = min(last + 1, len(_CAPABILITIES))
    return [f"CAP_{_CAPABILITIES[number]}" for number in range(known) if not bounding >> number & 1]


# By number, from linux/capability.h.
_CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]


def _runtime_wrapper(folder: Path, lacking: list[str]) -> Path:
    """Write an OCI runtime that takes the withheld capabilities out of each container, then runs runc."""
    wrapper = folder / "runc-without-withheld"
    runc = shutil.which("runc") or "/usr/sbin/runc"
    module = Path(__file__).with_name("ociruntime.py")
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {module} {runc} {",".join(lacking)} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper
