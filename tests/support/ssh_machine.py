"""A machine that ssh reaches, in namespaces of its own: Debian's sshd and sudo, and a real containerd.

Nothing is installed: the packages are unpacked, and laid over /usr and /etc of a mount namespace.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.kind.process import logged
from dev.kind.programs import program
from dev.kind.versions import cache_dir
from dev.local.ports import free_port
from mcapp import wait

PACKAGES = ("openssh-server", "sudo", "libwrap0")
# A user whom sudo lets do all, one whom it asks for a password, and one whose disk is small.
USERS = {"lab": 12345, "asked": 12346, "small": 12347}
SMALL_MIB = 8
_SUDOERS = """
Defaults secure_path="/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL) ALL
asked ALL=(ALL) ALL
lab ALL=(ALL) NOPASSWD: ALL
small ALL=(ALL) NOPASSWD: ALL
"""
_SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile none
"""
_K3S = """#!/bin/sh
[ "$1" = ctr ] || exit 2
shift
exec {ctr} --address {folder}/containerd.sock --namespace "$(cat {folder}/{place})" "$@"
"""
_CONTAINERD = 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images"]\n'
_START = """
set -eu
mount --make-rprivate /
mount -t overlay overlay -o lowerdir={folder}/over/usr:{packages}/usr:/usr /usr
mount -t overlay overlay -o lowerdir={folder}/over/etc:{packages}/etc:/etc /etc
mount -t tmpfs tmpfs /run
mkdir /run/sshd
mount -t tmpfs -o size={small}m,uid={uid},mode=700 tmpfs {folder}/home/small
exec /usr/sbin/sshd -D -e -f {folder}/sshd_config
"""
# Passes the first bytes to sshd, then waits until the file `gate` is there, or ends where `gate.cut` is: a
# connection as bad as a test likes.
_RELAY = """
import os, socket, sys, threading, time
port, limit, gate = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
far = socket.create_connection(("127.0.0.1", port))
def back():
    while data := far.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=back, daemon=True).start()
while data := os.read(0, 65536):
    while limit < 0 and not os.path.exists(gate):
        if os.path.exists(gate + ".cut"):
            os._exit(1)
        time.sleep(0.02)
    far.sendall(data)
    limit -= len(data)
far.shutdown(socket.SHUT_WR)
time.sleep(5)
"""


@dataclass(frozen=True)
class Machine:
    """The machine. `folder` has its homes, and the folder `bin` with a k3s for the machine of the test."""

    folder: Path
    port: int

    def ssh(self, *options: str) -> str:
        """Return an ssh that knows the machine's key and has the user's, as a command."""
        words = [
            *("ssh", "-F", "none", "-p", str(self.port), "-i", str(self.folder / "key")),
            *("-o", f"UserKnownHostsFile={self.folder}/known_hosts", "-o", "IdentitiesOnly=yes"),
        ]
        return shlex.join([*words, *options])

    def slow_ssh(self, limit: int, gate: Path) -> str:
        """Return an ssh whose connection stops after so many bytes, until the gate is there."""
        relay = self.folder / "relay.py"
        relay.write_text(_RELAY)
        through = shlex.join([sys.executable, str(relay), str(self.port), str(limit), str(gate)])
        return self.ssh("-o", f"ProxyCommand={through}")

    def use(self, name: str) -> None:
        """Give both machines containerd namespaces of their own, with no image in them."""
        for place in ("far", "here"):
            (self.folder / place).write_text(f"{name}-{place}")

    def cache(self, user: str = "lab") -> Path:
        """Return the folder of a user's copies."""
        return self.folder / "home" / user / ".cache" / "mcapp" / "images"

    def ctr(self, place: str, *words: str) -> str:
        """Ask the containerd of a place, `far` or `here`."""
        folder, sock = program("containerd"), self.folder / "containerd.sock"
        within = (self.folder / place).read_text()
        command = [str(folder / "ctr"), "--address", str(sock), "--namespace", within, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def packages() -> Path:
    """Return the folder with Debian's packages unpacked; the first call downloads them."""
    target = cache_dir() / "sshd"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
            logged("apt", ["apt-get", "update"])
            logged("apt", ["apt-get", "download", *PACKAGES], cwd=Path(folder))
            for file in Path(folder).glob("*.deb"):
                logged("dpkg", ["dpkg", "--extract", file, Path(folder, "out")])
            Path(folder, "out").rename(target)
    return target


@contextmanager
def running() -> Iterator[Machine]:
    """Run the machine."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="mcapp-machine."))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        machine = Machine(folder, free_port())
        machine.use("first")
        _files(folder, machine.port)
        parts = {"folder": folder, "packages": packages(), "small": SMALL_MIB, "uid": USERS["small"]}
        alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        _start(stack, folder, "sshd", [*alone, "sh", "-c", _START.format(**parts)])
        config = folder / "containerd.toml"
        config.write_text(_CONTAINERD)
        places = ("--root", str(folder / "root"), "--state", str(folder / "state"))
        sock = folder / "containerd.sock"
        own = str(program("containerd") / "containerd")
        run = [own, "--config", str(config), *places, "--address", str(sock)]
        _start(stack, folder, "containerd", run)
        assert wait.until(lambda: _listens(machine.port) and sock.exists(), 20), _said(folder)
        yield machine


def _start(stack: ExitStack, folder: Path, name: str, command: list[str]) -> None:
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    stack.callback(process.wait)
    stack.callback(process.kill)


def _said(folder: Path) -> str:
    return "\n".join(path.read_text()[-2000:] for path in folder.glob("*.log"))


def _files(folder: Path, port: int) -> None:
    """Write the machine's own files: users, keys, sudo's rules, and a k3s there and here."""
    etc, local = folder / "over" / "etc", folder / "over" / "usr" / "local" / "bin"
    for made in (etc, local, folder / "bin"):
        made.mkdir(parents=True)
    for user, uid in USERS.items():
        home = folder / "home" / user
        home.mkdir(parents=True)
        os.chown(home, uid, uid)
    lines = [f"{user}:x:{uid}:{uid}::{folder}/home/{user}:/bin/sh" for user, uid in USERS.items()]
    system = ["root:x:0:0:root:/root:/bin/sh", "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin"]
    (etc / "passwd").write_text("\n".join([*system, *lines, ""]))
    (etc / "group").write_text(
        "\n".join(["root:x:0:", *(f"{user}:x:{uid}:" for user, uid in USERS.items()), ""])
    )
    (etc / "shadow").write_text("".join(f"{user}:*:19000:0:99999:7:::\n" for user in ("root", *USERS)))
    (etc / "sudoers").write_text(_SUDOERS)
    (etc / "sudoers").chmod(0o440)
    (folder / "sshd_config").write_text(_SSHD.format(port=port, folder=folder))
    for key in ("host", "key"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
        subprocess.run(words, check=True)
    known = (folder / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {known}")
    for place, where in (("far", local), ("here", folder / "bin")):
        (where / "k3s").write_text(_K3S.format(ctr=program("containerd") / "ctr", folder=folder, place=place))
        (where / "k3s").chmod(0o755)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
