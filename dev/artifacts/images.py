"""The images of a release: an OCI layout each for both platforms, and an archive for each platform."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.artifacts import revision
from dev.kind.images import app_images
from dev.kind.images.layers import GZIP
from dev.kind.images.layout import Descriptor, Layout, named, pack
from dev.kind.images.platform import Platform
from dev.kind.images.source import Image, Source
from dev.kind.versions import app_version

# What is published. The image of one server is the official one.
OURS = ("web", "api", "db-ha")
LICENSE = "Apache-2.0"


@dataclass(frozen=True)
class Built:
    """The images of the app for one platform, by their tiers."""

    platform: Platform
    images: dict[str, Image]


def built(source: Source, platforms: Sequence[Platform]) -> list[Built]:
    """Build what is missing of the images of each platform."""
    return [Built(one, app_images(source, ha=True, platform=one)) for one in platforms]


def write(all_built: Sequence[Built], folder: Path, archive: str, registry: str, epoch: int) -> None:
    """Write a layout of each image of ours, and an archive of all images for each platform.

    A layout is ``<folder>/images/<name>``, with one image for each platform. In the name of the archive,
    ``{arch}`` is the platform's architecture. Images of ours have the names by which the registry serves
    them.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="layout.") as scratch:
        layout = Layout(Path(scratch, "all"), by=GZIP, epoch=epoch)
        ours: dict[str, list[Descriptor]] = {}
        for one in all_built:
            everything = []
            for tier, item in one.images.items():
                name = name_of(item)
                described = layout.add([item.local], labels(name) if tier in OURS else None)[item.local]
                served = f"{registry}/{item.reference}" if registry and tier in OURS else item.reference
                everything.append(named(described, served))
                if tier in OURS:
                    ours.setdefault(name, []).append(described)
            apart = Path(scratch, one.platform.arch)
            layout.write(apart, everything)
            pack(apart, folder / archive.format(arch=one.platform.arch), epoch)
        for name, manifests in ours.items():
            layout.write(folder / "images" / name, manifests)


def name_of(item: Image) -> str:
    """Return the last part of an image's name: ``api`` of ``mcapp/api:0.2.0``."""
    return item.reference.rpartition("/")[2].partition(":")[0]


def labels(name: str) -> dict[str, str]:
    """Return what an image of ours says of itself: the keys of OCI's annotations."""
    keys = {
        "title": f"mcapp {name}",
        "version": app_version(),
        "revision": revision(),
        "licenses": LICENSE,
    }
    return {f"org.opencontainers.image.{key}": value for key, value in keys.items()}
