"""A registry on loopback, a process for each test; a folder as of `make dist`, with small images."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.artifacts import packages, sources, sums
from dev.kind import cluster as clusters
from dev.kind import docker
from dev.kind.process import output, succeeds
from dev.kind.programs import command
from dev.local.ports import free_port
from mcapp import wait

EPOCH = 1_700_000_000


@pytest.fixture(scope="module")
def engine() -> Iterator[None]:
    """A Docker engine, which ends with the tests where they have started it and no cluster needs it."""
    docker.ensure()
    yield
    if docker.is_own() and not clusters.any_left():
        docker.stop_own()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Where an empty registry answers: ``127.0.0.1:PORT``."""
    name = f"127.0.0.1:{free_port()}"
    store = tmp_path / "registry"
    store.mkdir()
    words: list[str | Path] = [command("crane"), "registry", "serve", "--address", name, "--disk", store]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            assert wait.until(lambda: succeeds([command("crane"), "catalog", name]), 20, pause=0.1)
            yield name
        finally:
            process.terminate()


def crane(*words: str | Path) -> str:
    return output([command("crane"), *words])


def layout(registry: str, folder: Path, content: bytes) -> None:
    """Write the layout of an image of one file."""
    layer = folder.with_suffix(".tar")
    with tarfile.open(layer, "w") as archive:
        entry = tarfile.TarInfo("file")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    name = f"{registry}/scratch/{folder.name}:1"
    crane("append", "--oci-empty-base", "--new_layer", layer, "--new_tag", name)
    crane("pull", "--format", "oci", name, folder)


@pytest.fixture
def made(tmp_path: Path, served: str) -> Path:
    """A folder as `make dist` leaves it, with small images."""
    folder = tmp_path / "dist"
    (folder / "images").mkdir(parents=True)
    copy = sources.stage(tmp_path / "sources", served, EPOCH)
    packages.write_chart(copy, folder)
    for name in ("api", "db", "web"):
        layout(served, folder / "images" / name, name.encode())
    for tar in folder.glob("images/*.tar"):
        tar.unlink()
    sums.write(folder)
    return folder
