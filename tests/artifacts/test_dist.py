"""`make dist`, twice from one commit with everything built anew between: the same byte for byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.artifacts import sums
from dev.dist import ARCHIVE, dist
from dev.kind import docker
from dev.kind.docker import client
from dev.kind.images import app_images
from dev.kind.images.platform import NATIVE
from dev.kind.images.source import Source
from dev.kind.process import output, succeeds
from dev.kind.programs import command
from dev.kind.versions import app_version

# Six minutes: Debian, PostgreSQL, nginx, Python and the app are built again. Only so a time left in it shows.
pytestmark = pytest.mark.long
REGISTRY = "ghcr.io/someone"
KINDS = ("base", "python", "nginx", "postgres", "web", "api", "db")


@pytest.fixture(scope="module")
def own_engine(engine: None) -> Iterator[None]:  # noqa: ARG001
    if not docker.is_own():
        pytest.skip("the builder's cache is the user's")
    yield
    app_images(Source.BUILD, ha=True)


def forget_all() -> None:
    """Let the engine forget every image of ours, and what it built them from."""
    for kind in KINDS:
        for name in docker.docker("images", "--format", "{{.Repository}}:{{.Tag}}", f"mcapp/{kind}").split():
            # An image of a container that runs is only renamed.
            succeeds([client(), "image", "rm", "--force", name])
    docker.docker("builder", "prune", "--all", "--force")


@pytest.fixture(scope="module")
def made(own_engine: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:  # noqa: ARG001
    folders = []
    for name in ("first", "second"):
        folder = tmp_path_factory.mktemp(name) / "dist"
        forget_all()
        dist(folder, REGISTRY, Source.BUILD, [NATIVE])
        folders.append(folder)
    return folders[0], folders[1]


def test_it_is_the_same_byte_for_byte(made: tuple[Path, Path]) -> None:
    first, second = (folder.joinpath(sums.SUMS).read_text().splitlines() for folder in made)
    assert first == second
    sums.check(made[0])


def test_a_bill_of_materials_has_what_is_in_the_image(made: tuple[Path, Path]) -> None:
    bill = json.loads(made[0].joinpath(f"sbom-api-{NATIVE.arch}.cdx.json").read_text())
    found = {part["purl"] for part in bill["components"]}
    assert any(one.startswith("pkg:deb/debian/libc6@") for one in found)
    assert any(one.startswith("pkg:pypi/fastapi@") for one in found)
    assert bill["metadata"]["component"]["name"] == "api"


def test_the_wheel_has_the_published_chart(made: tuple[Path, Path], tmp_path: Path) -> None:
    (wheel,) = made[0].glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path, "zip")
    shown = output([command("helm"), "template", tmp_path / "mcapp" / "chart", "--set", "topology=single"])
    assert f"{REGISTRY}/mcapp/web:{app_version()}" in shown


def test_the_archive_has_the_names_that_the_chart_asks_for(made: tuple[Path, Path]) -> None:
    archive = made[0] / ARCHIVE.format(arch=NATIVE.arch)
    index = json.loads(output(["tar", "--to-stdout", "-xf", archive, "index.json"]))
    names = {one["annotations"]["io.containerd.image.name"] for one in index["manifests"]}
    assert names == {
        *(f"{REGISTRY}/mcapp/{name}:{app_version()}" for name in ("web", "api", "db")),
        "docker.io/library/postgres:16",
    }
