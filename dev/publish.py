#!/usr/bin/env python3
"""Publishes what `make dist` made to a registry: the images for every platform, and the chart.

It prints the digest of each as JSON. A version that is there already stays as it is: the same content is left
alone, and other content under that version is refused before anything is pushed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from dev import ROOT
from dev.artifacts import sums
from dev.artifacts.registry import Artifact, Registry
from dev.kind.process import output
from dev.kind.programs import command
from dev.kind.versions import app_version
from mcapp.cli import emit_json, parser, run
from mcapp.errors import Exit, UserError
from mcapp.progress import step

CHARTS = "charts"


def main(arguments: Sequence[str]) -> Exit:
    """Check the folder and the registry, then push what is missing."""
    example = "python -m dev.publish --registry ghcr.io/OWNER"
    options = parser("python -m dev.publish", (__doc__ or "").splitlines()[0], example)
    options.add_argument("--registry", required=True, help="host[:port][/path], as `make dist` was told")
    options.add_argument("--folder", type=Path, default=ROOT / "dist", help="what `make dist` made")
    plain = "speak plain http, to a registry on this machine"
    options.add_argument("--plain-http", action="store_true", help=plain)
    chosen = options.parse_args(arguments)
    published = publish(chosen.folder, chosen.registry, plain_http=chosen.plain_http)
    emit_json(published)
    return Exit.OK


def publish(folder: Path, registry: str, *, plain_http: bool = False) -> dict[str, str]:
    """Publish a folder of `make dist`; return the digest in the registry of each reference.

    The chart comes last: once it is there, so is every image that it names.

    Raises:
        UserError: the folder is not whole, or was made for another registry; the registry refuses us, or has
            other content under this version.

    """
    target = Registry(registry, plain_http=plain_http)
    sums.check(folder)
    artifacts = _artifacts(folder, registry)
    missing = [one for one in artifacts if not target.has(one)]
    for one in artifacts:
        if one in missing:
            with step(f"Pushing {one.reference}"):
                target.push(one)
    return {one.reference: target.digest(one) for one in artifacts}


def _artifacts(folder: Path, registry: str) -> list[Artifact]:
    charts = list(folder.glob("mcapp-*.tgz"))
    layouts = sorted(path.parent for path in folder.glob("images/*/index.json"))
    if len(charts) != 1 or not layouts:
        raise UserError(f"{folder} has not what a release has.", f"Run `make dist REGISTRY={registry}`.")
    values = yaml.safe_load(output([command("helm"), "show", "values", charts[0]]))
    if (named := values["web"]["image"]["registry"]) != registry:
        raise UserError(
            f"The chart in {folder} names images of {named or 'no registry'}, and they go to {registry}.",
            f"Run `make dist REGISTRY={registry}`.",
        )
    version = charts[0].name.removeprefix("mcapp-").removesuffix(".tgz")
    images = [Artifact(f"{registry}/mcapp/{path.name}:{app_version()}", path) for path in layouts]
    return [*images, Artifact(f"{registry}/{CHARTS}/mcapp:{version}", charts[0])]


if __name__ == "__main__":
    run(main)
