"""The set-up on Debian 12 and 13: from make and Python alone to a Docker engine that answers."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from dev.artifacts.sources import copy_tracked
from dev.kind import host
from dev.kind.docker import client
from dev.kind.images.build import import_layer
from dev.kind.process import logged, output
from dev.kind.versions import digest

# Three to four minutes each: Debian, Python's packages and Docker are installed anew, as a user's are.
pytestmark = pytest.mark.long
RELEASES = {"bookworm": "3.11", "trixie": "3.13"}
PACKAGES = "ca-certificates,make,python3"
# An engine in a container has its data on a volume, since it lays no overlay over an overlay.
SET_UP = """set -e
make .venv/ready
.venv/bin/python -c 'import sys; print(*sys.version_info[:2], sep=".")'
.venv/bin/python -c 'from dev.kind.docker import docker, ensure
ensure()
print(docker("info", "--format", "{{.Driver}}"))'
.venv/bin/python -m mcapp --help >/dev/null
"""


def machine(release: str) -> str:
    """Return an image of Debian as its installer leaves it, with what the README asks for."""

    def tarball() -> Path:
        host.install(["debootstrap"])
        with tempfile.TemporaryDirectory() as folder:
            root, path = Path(folder, "root"), Path(tempfile.mkdtemp(), "machine.tar")
            logged("machine", ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", release, root])
            logged("machine", ["tar", "-C", root, "-cf", path, "."])
            return path

    return import_layer(f"machine-{release}", digest(release, PACKAGES), tarball, 'CMD ["/bin/bash"]')


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("release", "python"), RELEASES.items())
def test_the_set_up_reaches_an_engine(release: str, python: str, tmp_path: Path) -> None:
    checkout = tmp_path / "mcapp"
    copy_tracked(checkout)
    # Where the packages come from, and whom to trust there, is this machine's to say.
    settings = [Path(name) for name in ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")]
    mounts = [f"{path}:{path}:ro" for path in settings if path.exists()]
    if (proxies := Path("/etc/apt/apt.conf.d")).exists():
        shutil.copytree(proxies, tmp_path / "apt.conf.d")
    passed = [name for name in os.environ if name.upper().startswith(("PIP_", "HTTP_", "HTTPS_", "NO_PROXY"))]
    flags = [word for name in passed for word in ("--env", name)]
    volumes = [word for mount in (f"{checkout}:/mcapp", *mounts) for word in ("--volume", mount)]
    run = ("run", "--rm", "--privileged", "--network", "host", "--workdir", "/mcapp", "--volume", "/cache")
    told = output(
        [
            client(),
            *run,
            *flags,
            *volumes,
            "--env",
            "MCAPP_CACHE=/cache",
            machine(release),
            "sh",
            "-c",
            SET_UP,
        ]
    )
    assert told.splitlines()[-2:] == [python, "overlay2"]
