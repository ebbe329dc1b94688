"""Makes one image in the Docker engine, from a Dockerfile, a tar archive, or static binaries."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.kind.docker import client, docker
from dev.kind.images.platform import NATIVE, Platform, ensure_runs
from dev.kind.process import logged, succeeds
from dev.kind.versions import digest
from mcapp.progress import step

# 1980 began then, and with it the time that a zip archive can tell. In seconds.
FILES_OF = 315532800
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def made(name: str, inputs: str, make: Callable[[str], None]) -> str:
    """Return ``mcapp/<name>:<inputs>``, made if the engine does not have it; drop what it replaces."""
    local = f"mcapp/{name}:{inputs}"
    if is_made(name, inputs):
        return local
    make(local)
    for old in docker("images", "--format", "{{.Repository}}:{{.Tag}}", f"mcapp/{name}").splitlines():
        if old != local:
            # An image that a container still uses stays until that cluster is gone.
            succeeds([client(), "image", "rm", old])
    return local


def is_made(name: str, inputs: str) -> bool:
    """Tell whether the engine has ``mcapp/<name>:<inputs>``."""
    return succeeds([client(), "image", "inspect", f"mcapp/{name}:{inputs}"])


def build(
    name: str,
    inputs: str,
    dockerfile: Path,
    context: Callable[[Path], None],
    *,
    target: str = "",
    platform: Platform = NATIVE,
    **arguments: str,
) -> str:
    """Build a Dockerfile, or it up to a target, over a fresh folder that ``context`` fills."""
    name += platform.suffix

    def make(local: str) -> None:
        ensure_runs(platform)
        with step(f"Building image {name}"), _context(context) as folder:
            # An empty bundle leaves the Dockerfile's pip to its own.
            ca = CA_BUNDLE if CA_BUNDLE.exists() else Path(os.devnull)
            logged(
                "docker-build",
                [
                    *(client(), "build", "--network", "host", "--platform", platform, "--tag", local),
                    *("--file", dockerfile),
                    *("--secret", f"id=ca,src={ca}", "--target", target),
                    *(f"--build-arg={key}={value}" for key, value in arguments.items()),
                    folder,
                ],
                env={"DOCKER_BUILDKIT": "1"},
            )

    return made(name, inputs, make)


@contextmanager
def _context(context: Callable[[Path], None]) -> Iterator[Path]:
    """Have a folder, all of it of one time: whenever it is built, an image has the same files."""
    with tempfile.TemporaryDirectory(prefix="mcapp-context-") as folder:
        context(Path(folder))
        for path in Path(folder).rglob("*"):
            os.utime(path, (FILES_OF, FILES_OF), follow_symlinks=False)
        yield Path(folder)


def copy_of(*paths: Path, root: Path) -> Callable[[Path], None]:
    """Return what fills a context with files and folders, which stand there as they do below ``root``."""

    def fill(context: Path) -> None:
        for path in paths:
            target = context / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                skipped = shutil.ignore_patterns("__pycache__")
                shutil.copytree(path, target, dirs_exist_ok=True, ignore=skipped)
            else:
                shutil.copy(path, target)

    return fill


def import_layer(name: str, inputs: str, tarball: Callable[[], Path], *changes: str) -> str:
    """Make an image of one layer from a tar archive."""

    def make(local: str) -> None:
        flags = [part for change in changes for part in ("--change", change)]
        path = tarball()
        try:
            logged("docker-import", [client(), "import", *flags, path, local])
        finally:
            path.unlink()

    return made(name, inputs, make)


def static(name: str, commands: dict[str, Path]) -> str:
    """Make an image of nothing but static binaries; the first is its entrypoint, a second name is a link."""
    entrypoint = next(iter(commands))

    def tarball() -> Path:
        with (
            tempfile.NamedTemporaryFile(suffix=".tar", delete=False) as file,
            tarfile.open(fileobj=file, mode="w") as tar,
        ):
            for folder in ("bin", "tmp"):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
                tar.addfile(entry)
            first: dict[Path, str] = {}
            for command, path in commands.items():
                entry = tarfile.TarInfo(f"bin/{command}")
                entry.mode = 0o755
                if path in first:
                    entry.type, entry.linkname = tarfile.SYMTYPE, first[path]
                    tar.addfile(entry)
                    continue
                content, first[path] = path.read_bytes(), command
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            return Path(file.name)

    inputs = digest(name, "/bin", "links", *(f"{command}={path}" for command, path in commands.items()))
    return import_layer(name, inputs, tarball, "ENV PATH=/bin", f'ENTRYPOINT ["/bin/{entrypoint}"]')
