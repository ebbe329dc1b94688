"""One member of the database on a machine whose clock is off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from dev.kind.cluster import load
from dev.kind.images import app_images
from dev.kind.images.build import build, copy_of
from dev.kind.images.source import Image, choose_source
from dev.kind.images.transfer import import_into
from dev.kind.release import Release
from dev.kind.versions import IMAGES, digest
from dev.load.attempts import node_of

POSTGRES_USER = "999"


@contextmanager
def wrong_clock(release: Release, member: str, seconds: int) -> Iterator[None]:
    """Let every program of a member see a clock that is off by this much, for a block.

    Its node has another image under the same name, in which a library answers for the clock. The kernel's
    clock, which the other nodes share, stays.

    Raises:
        UserError: the image cannot be built, or the node does not take it.

    """
    image = app_images(choose_source("auto"), ha=True)["db-ha"]
    node, folder = node_of(release, member), IMAGES / "clock"
    local = build(
        "db-clock",
        digest(image.local, folder, str(seconds)),
        folder / "Dockerfile",
        copy_of(folder, root=folder),
        BASE_IMAGE=image.local,
        OFFSET=f"{seconds:+d}",
        USER_ID=POSTGRES_USER,
    )
    import_into([node], [Image(local, image.reference)])
    try:
        _again(release, member)
        yield
    finally:
        load(release.cluster, [image])
        _again(release, member)


def offset(release: Release, member: str) -> float:
    """Return by how much a member's clock is off, in seconds; what a command takes is part of it."""
    return float(release.exec(member, "date", "+%s.%N", container="postgres")) - time.time()


def _again(release: Release, member: str) -> None:
    release.kubectl("delete", "pod", member)
    release.wait()
