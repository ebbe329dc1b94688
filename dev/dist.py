#!/usr/bin/env python3
"""Makes everything that a release has, in dist/; `make dist` runs it.

The wheel and the sdist of the command, the chart, the images as OCI layouts for linux/amd64 and linux/arm64,
an archive of them for each, what they contain (CycloneDX), two values files, and SHA256SUMS over all. Made
again from one commit it is the same byte for byte, but for a signature.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dev import ROOT
from dev.artifacts import epoch, images, packages, sbom, sources, sums
from dev.kind import docker, host
from dev.kind.images.platform import Platform
from dev.kind.images.source import SOURCES, Source, choose_source
from dev.kind.versions import app_version, cache_dir
from mcapp.cli import parser, run
from mcapp.errors import Exit, UserError
from mcapp.progress import step

ARCHIVE = f"mcapp-images-{app_version()}-{{arch}}.tar"


def main(arguments: Sequence[str]) -> Exit:
    """Make the folder whole, or leave what was there."""
    example = "python -m dev.dist --registry ghcr.io/OWNER"
    options = parser("python -m dev.dist", (__doc__ or "").splitlines()[0], example)
    options.add_argument("--folder", type=Path, default=ROOT / "dist", help="where to (default: dist)")
    about = "where the images will be: the chart's defaults name images there"
    options.add_argument("--registry", default="", help=about)
    options.add_argument("--images", choices=SOURCES, default="auto", help="where images come from")
    options.add_argument(
        *("--platform", "--platforms"),
        type=Platform,
        choices=list(Platform),
        nargs="+",
        default=list(Platform),
        help="for which machines (default: all)",
    )
    options.add_argument("--key", default="", metavar="NAME", help="sign the chart with this OpenPGP key")
    options.add_argument("--keyring", type=Path, help="the file with the secret key")
    chosen = options.parse_args(arguments)
    if bool(chosen.key) != bool(chosen.keyring):
        raise UserError("--key and --keyring go together.", "Give both, or neither.")

    host.lock(cache_dir() / "lock")
    docker.ensure()
    dist(
        chosen.folder.resolve(),
        chosen.registry,
        choose_source(chosen.images),
        chosen.platform,
        key=chosen.key,
        keyring=chosen.keyring,
    )
    for path in sorted(chosen.folder.iterdir()):
        print(path)
    return Exit.OK


def dist(
    target: Path,
    registry: str,
    source: Source,
    platforms: Sequence[Platform],
    *,
    key: str = "",
    keyring: Path | None = None,
) -> None:
    """Make the folder, for images that `registry` will serve; the chart is signed where there is a key.

    Raises:
        UserError: something cannot be built, or the key is refused; what was there stays.

    """
    made_at, built = epoch(), images.built(source, platforms)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{target.name}.") as scratch:
        folder, copy = Path(scratch, "dist"), Path(scratch, "sources")
        folder.mkdir()
        sources.stage(copy, registry, made_at)
        with step("Packing the command, the chart and the values files"):
            packages.write_python(copy, folder, made_at)
            packages.write_chart(copy, folder, key, keyring)
            packages.write_values(copy, folder)
        with step("Writing the images"):
            images.write(built, folder, ARCHIVE, registry, made_at)
        with step("Writing what they contain"):
            for one in built:
                for item in one.images.values():
                    name, version = images.name_of(item), item.reference.rpartition(":")[2]
                    path = folder / f"sbom-{name}-{one.platform.arch}.cdx.json"
                    sbom.write(item.local, name, version, path, made_at)
        shutil.copy(ROOT / "dev" / "artifacts" / "install-images.sh", folder)
        sums.write(folder)
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)


if __name__ == "__main__":
    run(main)
