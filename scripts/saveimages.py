#!/usr/bin/env python3
"""Writes the three images into one archive for machines that pull from nowhere; `make images` runs it."""

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
    chosen = options.parse_args(arguments)

    host.require_root()
    host.lock(cache_dir() / "lock")
    engine.ensure()
    images = app_images(choose_source(chosen.images))
    with step(f"Writing {chosen.file}"):
        archive(images, chosen.file)
    print(f"{chosen.file}: {', '.join(item.reference for item in images)}")
    print("On each machine: sudo k3s ctr images import mcapp-images.tar")
    return Exit.OK


if __name__ == "__main__":
    run(main)
