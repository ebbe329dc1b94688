"""The images for arm64, run by qemu: the page answers, and a row goes through both into PostgreSQL."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from dev.kind import docker
from dev.kind.images import app_images
from dev.kind.images.platform import NATIVE, Platform
from dev.kind.images.source import Source
from dev.local import plain_http
from dev.local.ports import free_port
from dev.local.postgres import PostgresServer
from mcapp import wait

# Minutes where nothing is built yet: Debian is set up, and packages are installed, by emulated programs.
pytestmark = [pytest.mark.long, pytest.mark.postgres]
START_SECONDS = 120


@contextmanager
def running(image: str, **environment: str) -> Iterator[None]:
    """Run a container on this machine's network."""
    variables = [word for key, value in environment.items() for word in ("--env", f"{key}={value}")]
    flags = ("--detach", "--network", "host", "--platform", Platform.ARM64, "--read-only", "--tmpfs", "/tmp")  # noqa: S108
    container = docker.docker("run", *flags, *variables, image)
    try:
        yield
    except BaseException:
        print(subprocess.run([docker.client(), "logs", container], check=False, capture_output=True))
        raise
    finally:
        docker.docker("rm", "--force", container)


def answers(url: str) -> bool:
    try:
        return bool(plain_http.get(url, timeout=10).status_code == 200)
    except httpx.TransportError:
        return False


@pytest.mark.usefixtures("engine")
def test_a_row_goes_through_web_and_api() -> None:
    assert NATIVE is not Platform.ARM64, "on this machine nothing is emulated"
    images = app_images(Source.BUILD, platform=Platform.ARM64)
    for item in images.values():
        shown = docker.docker("image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", item.local)
        assert shown == Platform.ARM64
    api, web = free_port(), free_port()
    with ExitStack() as stack:
        database = stack.enter_context(PostgresServer())
        stack.enter_context(running(images["api"].local, MCAPP_PORT=str(api), **database.environment))
        places = {"LISTEN": f"127.0.0.1:{web}", "API_UPSTREAM": f"127.0.0.1:{api}"}
        stack.enter_context(running(images["web"].local, **places))
        url = f"http://127.0.0.1:{web}"
        assert wait.until(lambda: answers(f"{url}/api/tasks"), START_SECONDS, pause=1)
        assert "<title>" in plain_http.get(f"{url}/", timeout=10).text
        made = plain_http.post(f"{url}/api/tasks", json={"title": "by arm64"}, timeout=30)
        assert made.status_code == 201, made.text
        listed = plain_http.get(f"{url}/api/tasks", timeout=30).json()["items"]
        assert [task["title"] for task in listed] == ["by arm64"]
