#!/usr/bin/env python3
"""Writes the images into one archive, for machines without a registry; `make images` runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dev import ROOT
from dev.kind import docker, host
from dev.kind.images import app_images
from dev.kind.images.source import SOURCES, choose_source
from dev.kind.images.transfer import archive
from dev.kind.release import HA_NODES
from dev.kind.versions import cache_dir
from dev.options import db_nodes
from mcapp.cli import parser, run
from mcapp.errors import Exit
from mcapp.progress import step


def main(arguments: Sequence[str]) -> Exit:
    """Build the missing images, and write the archive."""
    options = parser(
        "python -m dev.saveimages", __doc__ or "", "python -m dev.saveimages --file dist/mcapp-images.tar"
    )
    options.add_argument("--images", choices=SOURCES, default="auto", help="where images come from")
    options.add_argument("--file", type=Path, default=ROOT / "dist" / "mcapp-images.tar", help="the archive")
    more = "nodes for the database; for three and more the archive has the image of mode ha, too"
    options.add_argument("--db-nodes", type=db_nodes, default=1, metavar="N", help=more)
    chosen = options.parse_args(arguments)

    host.lock(cache_dir() / "lock")
    docker.ensure()
    images = list(app_images(choose_source(chosen.images), ha=chosen.db_nodes >= HA_NODES).values())
    with step(f"Writing {chosen.file}"):
        archive(images, chosen.file)
    print(f"{chosen.file}: {', '.join(item.reference for item in images)}")
    print(f"Into k3s of this machine and of others: mcapp images {chosen.file} --to user@lab")
    return Exit.OK


if __name__ == "__main__":
    run(main)
