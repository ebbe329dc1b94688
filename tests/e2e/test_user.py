"""`make up` by a user who is not root, and whom a Docker engine answers."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.artifacts.sources import copy_tracked
from dev.kind.docker import SOCKET, docker, is_own
from dev.kind.network import IPV4
from dev.kind.process import output
from dev.kind.programs import folder_of
from dev.local.ports import free_port
from tests.e2e.conftest import Up

# Four minutes: an environment and a cluster of the user's own. Only that shows what needs root.
pytestmark = [pytest.mark.kind, pytest.mark.long]
TOPOLOGY = "multi"
NAME = "mcapp-student"
CLUSTER = "mcapp"


@dataclass(frozen=True)
class Student:
    """A user in the group of Docker's socket, with a copy of the repository."""

    checkout: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        # Who the proxies and the package indexes are is the same for all users of this machine.
        own = ("MCAPP_", "PYTHON", "XDG_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        home = pwd.getpwnam(NAME).pw_dir
        path = ":".join(part for part in kept["PATH"].split(":") if not part.startswith("/root"))
        env = {**kept, "HOME": home, "USER": NAME, "PATH": path, "DOCKER_HOST": f"unix://{SOCKET}"}
        return subprocess.run(
            ["runuser", "--user", NAME, "--", *words],
            cwd=self.checkout,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def student(installed: Up) -> Iterator[Student]:
    assert installed.cluster.name != CLUSTER, "this user's cluster has the name of `make up`"
    assert is_own(), "the engine is not ours to open"
    group = f"{NAME}-docker"
    before = SOCKET.stat().st_gid
    subprocess.run(["groupadd", group], check=True)
    subprocess.run(["useradd", "--create-home", "--groups", group, NAME], check=True)
    os.chown(SOCKET, 0, grp.getgrnam(group).gr_gid)
    checkout = Path(pwd.getpwnam(NAME).pw_dir, "mcapp")
    try:
        copy_tracked(checkout)
        # To compile them takes ten minutes, and no right.
        programs = checkout.parent / ".cache" / "mcapp" / "bin"
        for name in ("helm", "kind", "kubernetes"):
            shutil.copytree(folder_of(name), programs / folder_of(name).name)
        subprocess.run(["chown", "-R", f"{NAME}:", checkout.parent], check=True)
        SOCKET.parent.chmod(0o755)
        yield Student(checkout)
    finally:
        for node in docker("ps", "-aq", "--filter", f"label=io.x-k8s.kind.cluster={CLUSTER}").splitlines():
            docker("rm", "--force", "--volumes", node)
        os.chown(SOCKET, 0, before)
        subprocess.run(["pkill", "--uid", NAME], check=False)
        subprocess.run(["userdel", "--remove", NAME], check=True, capture_output=True)
        subprocess.run(["groupdel", group], check=True)
        shutil.rmtree(checkout, ignore_errors=True)


def test_a_user_in_the_group_of_docker_needs_no_root(student: Student, installed: Up) -> None:
    rules = output(["iptables", "-w", "-S", "DOCKER-USER"]).splitlines()
    made = student.run("make", "up", "TOPOLOGY=single", f"PORT={free_port()}", "IMAGES=build")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "The page:" in made.stdout
    assert "takes no rule" not in made.stderr
    assert output(["iptables", "-w", "-S", "DOCKER-USER"]).splitlines() == rules
    assert any(IPV4.bridge in rule for rule in rules)
    down = student.run("make", "down")
    assert down.returncode == 0, down.stdout + down.stderr
    # The other cluster, and its engine, are not this user's.
    assert installed.release.exists()
