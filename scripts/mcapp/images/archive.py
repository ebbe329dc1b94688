"""An archive of images, of `docker save` or an OCI layout: their names, digests and architectures."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcapp.errors import UserError
from mcapp.images import words
from mcapp.progress import Meter, step

CHUNK = 1 << 20
# Where `make images` writes it, and where it lies once it was copied by hand.
USUAL = (Path("mcapp-images.tar"), Path("dist", "mcapp-images.tar"))
# How containerd names an image of a layout, the first that is there.
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the archive.

    `name` is written as containerd does; `configs` has the digest of its configuration by architecture, as Go
    names that. `target` is the digest of its manifest where the archive has one, else "".
    """

    name: str
    configs: Mapping[str, str]
    target: str = ""

    def is_same(self, target: str, config: str) -> bool:
        """Tell whether what containerd lists under this name, by both digests, is this image."""
        return bool(target and target == self.target) or config in self.configs.values()


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive on this machine; `size` in bytes."""

    path: Path
    size: int
    images: tuple[Image, ...]

    def lacking(self, arch: str) -> list[str]:
        """Return the names of the images that have nothing for this architecture."""
        return [image.name for image in self.images if arch not in image.configs]

    @property
    def architectures(self) -> list[str]:
        """The architectures that its images are for."""
        return sorted({arch for image in self.images for arch in image.configs})

    def sha256(self, size: int | None = None) -> str:
        """Return the SHA-256 of the file in hex, or of its first `size` bytes."""
        left = self.size if size is None else size
        found, meter = hashlib.sha256(), Meter(left)
        with step(words.HASHING(file=str(self.path)), meter), self.path.open("rb") as file:
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                found.update(chunk)
                meter.add(len(chunk))
                left -= len(chunk)
        return found.hexdigest()


def choose(given: Path | None) -> Path:
    """Return the archive that was given, or the usual one. UserError if there is none."""
    looked = (given,) if given else USUAL
    for path in looked:
        if path.is_file():
            return path
    raise UserError(words.NO_ARCHIVE(files=[str(path) for path in looked]), words.NO_ARCHIVE_REMEDY())


def read(path: Path) -> Archive:
    """Read what an archive holds. UserError if it is none."""
    try:
        with tarfile.open(path) as tar:
            images = tuple(_images(tar))
    except OSError as error:
        raise UserError(words.UNREADABLE(file=str(path), why=error.strerror or str(error))) from None
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError, AttributeError):
        raise UserError(words.ODD_ARCHIVE(file=str(path)), words.NO_ARCHIVE_REMEDY()) from None
    if not images:
        raise UserError(words.EMPTY_ARCHIVE(file=str(path)), words.NO_ARCHIVE_REMEDY())
    return Archive(path, path.stat().st_size, images)


def _images(tar: tarfile.TarFile) -> Iterator[Image]:
    """Yield the images. As containerd does, it takes an archive with both tables for a layout."""
    names = set(tar.getnames())
    if "oci-layout" in names:
        for described in json.loads(_content(tar, "index.json"))["manifests"]:
            marks = described.get("annotations") or {}
            name = next((marks[key] for key in _NAMES if key in marks), "")
            if name:
                yield Image(full(name), dict(_configs(tar, names, described["digest"])), described["digest"])
        return
    for entry in json.loads(_content(tar, "manifest.json")):
        config = _content(tar, entry["Config"])
        for name in entry["RepoTags"] or ():
            yield Image(full(name), {json.loads(config)["architecture"]: _digest(config)})


def _configs(tar: tarfile.TarFile, names: set[str], digest: str) -> Iterator[tuple[str, str]]:
    """Yield architecture and configuration's digest of each image below a manifest or an index of them."""
    blob = _blob(digest)
    if blob not in names:
        # An index may list what the archive leaves out.
        return
    manifest = json.loads(_content(tar, blob))
    for below in manifest.get("manifests") or ():
        yield from _configs(tar, names, below["digest"])
    if config := manifest.get("config"):
        arch = json.loads(_content(tar, _blob(config["digest"]))).get("architecture")
        if arch and arch != "unknown":
            yield arch, config["digest"]


def full(name: str) -> str:
    """Return a name as containerd writes it: `postgres:16` is `docker.io/library/postgres:16`."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _content(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def document(images: tuple[Image, ...]) -> list[dict[str, Any]]:
    """Return images as plain data."""
    return [{"name": image.name, "digests": dict(image.configs)} for image in images]
