"""Every image that the cluster needs: pulled where a registry answers, else built from package registries.

An image is known twice. In the Docker engine it is ``mcapp/<name>:<digest of its inputs>``, so that it is
built once for its inputs and no image of the user's is ever shadowed. On the nodes it carries the name its
user asks for: ``postgres:16`` for the chart, ``registry.k8s.io/...`` for kubeadm.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from dev import ROOT, page
from dev.kind.docker import docker
from dev.kind.images.base import nginx_image, postgres_image, python_image
from dev.kind.images.build import build, copy_of
from dev.kind.images.node import PROGRAMS, build_node, debian_layers, node_is_made
from dev.kind.images.platform import NATIVE, Platform
from dev.kind.images.pull import require
from dev.kind.images.source import Image, Source
from dev.kind.process import together
from dev.kind.programs import command, folder_of, program
from dev.kind.versions import app_version, digest, image, requirements, versions


def app_images(source: Source, *, ha: bool = False, platform: Platform = NATIVE) -> dict[str, Image]:
    """Return the images that the chart asks for by their tiers, made where they are missing.

    Mode ha asks for one more, ``db-ha``.
    """
    images = {
        "web": _web(source, platform),
        "api": _api(source, platform),
        "db": Image(postgres_image(source, platform), image("postgres")),
    }
    return {**images, "db-ha": _db(source, platform)} if ha else images


def node_image(source: Source) -> str:
    """Return the image for kind's nodes: the newest that kind was released with, or one built here."""
    if source is Source.BUILD:
        return build_node()
    reference: str = versions()["ci"]["kind"][-1]
    require(reference)
    return reference


def all_images(source: Source, *, ha: bool, node: bool) -> tuple[dict[str, Image], str | None]:
    """Return the images of `app_images`, and that of `node_image` where it is asked for.

    Programs are compiled while Debian's packages are installed: the one takes the processor, the other the
    network and the disk. kubectl for this machine is one of them.
    """
    missing = node and source is Source.BUILD and not node_is_made()
    images: dict[str, Image] = {}

    def compile_programs() -> None:
        for name in PROGRAMS if missing else ():
            program(name)
        command("kubectl")

    def install_packages() -> None:
        images.update(app_images(source, ha=ha))
        if missing:
            debian_layers()

    together(compile_programs, install_packages)
    return images, node_image(source) if node else None


def size_mib(local: str) -> float:
    """Return an image's size on disk in MiB."""
    return int(docker("image", "inspect", "--format", "{{.Size}}", local)) / 2**20


def _web(source: Source, platform: Platform) -> Image:
    base, folder = nginx_image(source, platform), ROOT / "src" / "web"

    def fill(context: Path) -> None:
        shutil.copytree(folder, context, dirs_exist_ok=True)
        page.bundle(context / "html")

    inputs = digest(base, folder, str(folder_of("esbuild")), Path(page.__file__))
    local = build("web", inputs, folder / "Dockerfile", fill, platform=platform, NGINX_IMAGE=base)
    return Image(local, f"mcapp/web:{app_version()}")


def _api(source: Source, platform: Platform) -> Image:
    base, folder = python_image(source, platform), ROOT / "src" / "api"
    # Of pyproject.toml only what goes into the image counts, or each new tool would build it anew.
    inputs = digest(base, folder, *requirements("api"), versions()["pip"], app_version())
    fill = copy_of(ROOT / "pyproject.toml", folder, root=ROOT)
    local = build("api", inputs, folder / "Dockerfile", fill, platform=platform, PYTHON_IMAGE=base)
    return Image(local, f"mcapp/api:{app_version()}")


def _db(source: Source, platform: Platform) -> Image:
    base, folder = postgres_image(source, platform), ROOT / "src" / "db"
    inputs = digest(base, folder, *requirements("db"), versions()["pip"])
    fill = copy_of(ROOT / "pyproject.toml", folder, root=ROOT)
    local = build("db", inputs, folder / "Dockerfile", fill, platform=platform, POSTGRES_IMAGE=base)
    return Image(local, f"mcapp/db:{app_version()}")
