#!/usr/bin/env python3
"""Writes the images into one archive for machines that pull from nowhere; `make images` runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mcapp import engine, host
from mcapp.cli import Exit, parser, run
from mcapp.config import ROOT, cache_dir
from mcapp.images import SOURCES, app_images, archive, choose_source
from mcapp.progress import step


def main(arguments: Sequence[str]) -> Exit:
    """Make the images where they are missing, and the archive from them."""
    options = parser(
        "saveimages.py", __doc__ or "", "python scripts/saveimages.py --file dist/mcapp-images.tar"
    )
    options.add_argument("--images", choices=SOURCES, default="auto", help="where images come from")
    options.add_argument("--file", type=Path, default=ROOT / "dist" / "mcapp-images.tar", help="the archive")
    options.add_argument("--ha", action="store_true", help="with the image of a database on several nodes")
    chosen = options.parse_args(arguments)

    host.require_root()
    host.lock(cache_dir() / "lock")
    engine.ensure()
    images = list(app_images(choose_source(chosen.images), ha=chosen.ha).values())
    with step(f"Writing {chosen.file}"):
        archive(images, chosen.file)
    print(f"{chosen.file}: {', '.join(item.reference for item in images)}")
    print("On each machine: sudo k3s ctr images import mcapp-images.tar")
    return Exit.OK


if __name__ == "__main__":
    run(main)
