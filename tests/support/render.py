"""Renders the chart for tests by `helm template`, each set of values once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dev import ROOT
from dev.kind.programs import command
from dev.kind.versions import versions
from mcapp.config import CHART

Values = Mapping[str, Any]

# Each values file that CI installs, by its name.
CI_VALUES: dict[str, Values] = {
    path.name: yaml.safe_load(path.read_text()) or {} for path in (CHART / "ci").glob("*.yaml")
}
# Not a values file of CI: an installation would wait for a server that does not exist.
EXTERNAL: Values = {
    "db": {
        "mode": "external",
        "external": {"host": "pg.lab.example", "existingSecret": "pg", "caSecret": "pg-ca"},
    }
}
# Every option that needs more than a plain cluster has, switched on.
OPTIONS: Values = yaml.safe_load((ROOT / "tests" / "chart" / "options-values.yaml").read_text())
# Not a values file of CI: it needs three nodes.
HA: Values = {"topology": "multi", "db": {"mode": "ha"}}
# Each minor version of Kubernetes for which the objects must be valid.
KUBERNETES: list[str] = versions()["ci"]["kubernetes"]


class HelmError(Exception):
    """Helm failed; the message is its output."""


@dataclass(frozen=True)
class Objects:
    """The objects of one rendering, in Helm's order."""

    documents: tuple[dict[str, Any], ...]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.documents)

    def names(self) -> set[tuple[str, str]]:
        """Return every (kind, name)."""
        return {(document["kind"], document["metadata"]["name"]) for document in self}

    def one(self, kind: str, name: str) -> dict[str, Any]:
        """Return the object of this kind and name; there must be exactly one."""
        (found,) = [d for d in self if (d["kind"], d["metadata"]["name"]) == (kind, name)]
        return found

    def pod(self, tier: str) -> dict[str, Any]:
        """Return the pod spec of a tier's workload."""
        kind = "StatefulSet" if tier == "db" else "Deployment"
        found, *_others = [
            d
            for d in self
            if d["kind"] == kind and d["metadata"]["labels"]["app.kubernetes.io/component"] == tier
        ]
        spec: dict[str, Any] = found["spec"]["template"]["spec"]
        return spec


def render(
    values: Values | None = None, *, release: str = "mcapp", namespace: str = "mcapp", chart: str = str(CHART)
) -> Objects:
    """Render the chart with these values on top of its own.

    Raises:
        HelmError: the chart refuses the values, or a template fails.

    """
    documents = _render(json.dumps(values or {}, sort_keys=True), release, namespace, chart)
    # A copy, so that what one test changes is in no other's objects.
    return Objects(tuple(json.loads(documents)))


def with_lookups(folder: Path) -> str:
    """Copy the chart into a folder without its schema, so that `_live` in the values answers its look-ups."""
    chart = Path(shutil.copytree(CHART, folder / "mcapp"))
    (chart / "values.schema.json").unlink()
    return str(chart)


def evaluated(expressions: Iterable[str]) -> list[str]:
    """Return the text that each expression gives in a template of the chart: `include "mcapp.size" "5Gi"`."""
    given = [f"  n{number}: {{{{ {one} | toJson }}}}" for number, one in enumerate(expressions)]
    entry = "\n".join(["apiVersion: v1", "kind: ConfigMap", "metadata: {name: evaluated}", "data:", *given])
    told: dict[str, str] = render({"extraManifests": [entry]}).one("ConfigMap", "evaluated")["data"]
    return [told[f"n{number}"] for number in range(len(given))]


@cache
def _render(values: str, release: str, namespace: str, chart: str) -> str:
    shown = helm("template", release, chart, "--namespace", namespace, "--values", "-", stdin=values)
    return json.dumps([document for document in yaml.load_all(shown, yaml.CSafeLoader) if document])


@cache
def notes(values: str) -> str:
    """Return NOTES.txt as `helm install` shows it with these values (JSON)."""
    return install(json.loads(values)).split("NOTES:\n", 1)[1]


def install(values: Values) -> str:
    """Return what `helm install --dry-run=client` prints with these values on top of the chart's own.

    Raises:
        HelmError: the chart refuses the values.

    """
    flags = ("--namespace", "mcapp", "--dry-run=client", "--values", "-")
    return helm("install", "mcapp", str(CHART), *flags, stdin=json.dumps(values))


def lint(values: Values) -> None:
    """Run `helm lint` with these values on top of the chart's own.

    Raises:
        HelmError: the chart refuses the values.

    """
    helm("lint", str(CHART), "--values", "-", stdin=json.dumps(values))


def helm(*arguments: str, stdin: str) -> str:
    """Return what helm prints; `stdin` is the values file that it reads as `-`.

    Raises:
        HelmError: helm failed.

    """
    done = subprocess.run(
        [str(command("helm")), *arguments],
        input=stdin,
        # Helm runs for a tenth of a second, and spends a quarter of that on garbage collection.
        env={**os.environ, "GOGC": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise HelmError(done.stderr + done.stdout)
    return done.stdout
