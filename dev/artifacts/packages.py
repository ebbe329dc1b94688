"""The packages of a release: the wheel and the sdist of the command, the chart, and two values files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dev.artifacts import EPOCH_VARIABLE
from dev.kind.process import logged
from dev.kind.programs import command
from dev.local.kube_objects import CONTROL_PLANE, DATABASE, listing, node

# The two machines of the README.
EXAMPLE = listing(
    node("laptop", "192.168.1.10", labels=CONTROL_PLANE), node("lab", "192.168.1.20", labels=DATABASE)
)


def write_python(sources: Path, folder: Path, epoch: int) -> None:
    """Build the wheel and the sdist."""
    words = ("build", "--target", "wheel", "--target", "sdist", "--directory", folder)
    logged("dist-python", [sys.executable, "-m", "hatchling", *words], env=_env(epoch), cwd=sources)


def write_chart(sources: Path, folder: Path, key: str = "", keyring: Path | None = None) -> None:
    """Package the chart, with a provenance file where there is a key to sign it with.

    Raises:
        UserError: helm refuses the chart or the key.

    """
    words: list[str | Path] = ["package", sources / "chart" / "mcapp", "--destination", folder]
    if key and keyring:
        words += ["--sign", "--key", key, "--keyring", keyring]
    logged("dist-chart", [command("helm"), *words])


def write_values(sources: Path, folder: Path) -> None:
    """Write what genvalues makes of the README's two machines, and of one of them."""
    nodes = folder / "nodes.json"
    nodes.write_text(json.dumps(EXAMPLE))
    try:
        for topology in ("single", "multi"):
            words = ("--topology", topology, "--nodes-file", nodes, "--lang", "en")
            values = folder / f"values-{topology}.yaml"
            logged(
                "dist-values",
                [sys.executable, sources / "scripts" / "genvalues.py", *words, "--file", values],
            )
    finally:
        nodes.unlink()


def _env(epoch: int) -> dict[str, str]:
    return {EPOCH_VARIABLE: str(epoch)}
