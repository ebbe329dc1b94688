"""From a registry: published, pulled by the nodes, installed by its address; and what a pull may say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.dist import dist
from dev.kind import registry as registries
from dev.kind.cluster import load
from dev.kind.docker import MIRROR, docker, ensure
from dev.kind.images import app_images, node_image
from dev.kind.images.base import nginx_image, postgres_image, python_image
from dev.kind.images.platform import NATIVE, Platform
from dev.kind.images.pull import pull
from dev.kind.images.source import Source
from dev.kind.registry import LocalRegistry
from dev.kind.release import Release
from dev.kind.versions import app_version, image
from dev.local.ports import free_port
from dev.publish import publish
from mcapp.errors import FailedError
from tests.e2e.conftest import Up

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
SPACE = "pulled"
PULLED = "mcapp-pulled"
STAND_INS = {"python": python_image, "nginx": nginx_image, "postgres": postgres_image}
NODE_IMAGE = "kindest/node:stand-in"
# The one value that a second release on a cluster needs.
NODE_PORT = 30090
ADD = (
    "import json, urllib.request as u; "
    "r = u.Request('http://localhost:8000/api/tasks', json.dumps({'title': 'pulled'}).encode(), "
    "{'Content-Type': 'application/json'}); print(u.urlopen(r).read().decode())"
)


@dataclass(frozen=True)
class Published:
    """What `make dist` made and `dev.publish` pushed, and where."""

    registry: LocalRegistry
    folder: Path


# Half a minute: the images are compressed once. They are those of the suite's own cluster.
@pytest.fixture(scope="module")
def published(installed: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder, network = tmp_path_factory.mktemp("release") / "dist", installed.cluster.network().name
    with registries.registry("mcapp-test-registry", free_port(), network) as served:
        dist(folder, served.name, Source.BUILD, [NATIVE])
        publish(folder, served.name, plain_http=True)
        yield Published(served, folder)


@pytest.fixture
def known(installed: Up, published: Published) -> Iterator[Up]:
    """The cluster's nodes know the registry, and a mirror of Docker Hub; postgres:16 was never loaded."""
    database = app_images(Source.BUILD)["db"]
    published.registry.mirror(database.local, f"library/{database.reference}")
    published.registry.make_known(installed.cluster)
    forget = ("ctr", "--namespace", "k8s.io", "images", "rm", f"docker.io/library/{database.reference}")
    for node in installed.cluster.containers():
        docker("exec", node, *forget)
    yield installed
    published.registry.forget(installed.cluster)
    load(installed.cluster, [database])


# Half a minute, pulls included.
def test_the_chart_and_its_images_come_by_its_address_alone(known: Up, published: Published) -> None:
    release = Release(known.cluster, SPACE, "pulled")
    address = f"oci://{published.registry.name}/charts/mcapp"
    flags = ("--version", app_version(), "--plain-http", "--create-namespace", "--wait", "--timeout", "3m")
    try:
        release.helm("install", address, *flags, "--set", f"topology=single,web.service.nodePort={NODE_PORT}")
        ours = {f"{published.registry.name}/mcapp/{tier}:{app_version()}" for tier in ("web", "api")}
        told = [one["message"] for one in release.get("events")["items"] if one["reason"] == "Pulled"]
        assert {text.split('"')[1] for text in told if "Successfully pulled" in text} == {
            *ours,
            image("postgres"),
        }
        assert json.loads(release.exec("deploy/api", "python", "-c", ADD))["title"] == "pulled"
        assert release.test()
    finally:
        known.cluster.kubectl("delete", "namespace", SPACE, "--ignore-not-found")


@pytest.fixture
def mirror(published: Published) -> Iterator[LocalRegistry]:
    """The registry with what stands in for the official images, a node among them, under their names."""
    served = published.registry
    for name, made in STAND_INS.items():
        reference = image(name)
        served.mirror(made(Source.BUILD), reference if "/" in reference else f"library/{reference}")
    served.mirror(node_image(Source.BUILD), NODE_IMAGE)
    yield served
    # The engine forgets the mirror, too.
    ensure()


# Four minutes: images go there and back, a node's too, web and api are built on them, a cluster is made.
@pytest.mark.long
def test_make_up_takes_all_its_images_from_a_mirror(mirror: LocalRegistry) -> None:
    wanted = ("--topology", "single", "--images", "pull", "--node-image", NODE_IMAGE)
    words = [sys.executable, "-m", "dev.up", *wanted, "--cluster", PULLED, "--port", str(free_port())]
    env = {**os.environ, MIRROR: f"http://{mirror.name}"}
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, done.stderr
        assert f"Pulling {image('python')}" in done.stderr
        assert docker("inspect", "--format", "{{.Config.Image}}", f"{PULLED}-control-plane") == NODE_IMAGE
    finally:
        down = [sys.executable, "-m", "dev.down", "--cluster", PULLED]
        subprocess.run(down, check=True, capture_output=True)
        for reference in (*map(image, STAND_INS), NODE_IMAGE):
            docker("image", "rm", reference)


def test_every_failure_of_a_pull_has_its_sentence(published: Published) -> None:
    name = published.registry.name
    with pytest.raises(FailedError, match="it knows the image, and not this tag"):
        pull(f"{name}/mcapp/web:99")
    with pytest.raises(FailedError, match="has no image of the name"):
        pull(f"{name}/mcapp/nothing:1")
    with pytest.raises(FailedError, match=f"there, but not for {Platform.ARM64}"):
        pull(f"{name}/mcapp/web:{app_version()}", Platform.ARM64)
    with pytest.raises(FailedError, match="does not answer"):
        pull("127.0.0.1:9/mcapp/web:1")
    pull(f"{name}/mcapp/web:{app_version()}")
