"""What a cluster may have beside the chart (metrics-server, Contour, Prometheus), by upstream's manifests."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from dev.kind.cluster import Cluster, load
from dev.kind.images.base import base_image, pulled
from dev.kind.images.build import build, static
from dev.kind.images.source import Image, Source
from dev.kind.process import output
from dev.kind.programs import command, module, program
from dev.kind.versions import IMAGES, digest, versions

Document = dict[str, Any]
WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")
READY_TIMEOUT, GONE_TIMEOUT = "--timeout=3m", "--timeout=5m"


class _Loader(yaml.CSafeLoader):
    """Takes a bare `=`, which stands in the definitions of Prometheus' operator, for a text."""


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:value", _text)


def put_images(cluster: Cluster, source: Source, *names: str) -> None:
    """Put the images of addons on every node, under the names that upstream's manifests ask for.

    Raises:
        UserError: a build fails, or a node does not take them.

    """
    load(cluster, [_image(name, source) for name in names])


def _image(name: str, source: Source) -> Image:
    spec = versions()["addons"][name]
    if source is Source.PULL:
        return Image(pulled(name, spec["reference"]), spec["reference"])
    folder = program(spec["program"], *spec["commands"])
    commands = {name: folder / name for name in spec["commands"]}
    local = _on_debian(name, commands) if spec.get("debian") else static(name, commands)
    return Image(local, spec["reference"])


def _on_debian(name: str, commands: dict[str, Path]) -> str:
    """Make an image of commands that need the C library."""

    def fill(context: Path) -> None:
        (context / "bin").mkdir()
        for path in commands.values():
            shutil.copy(path, context / "bin")

    base, folder = base_image(), IMAGES / "addon"
    inputs = digest(base, folder, *(str(path) for path in commands.values()))
    return build(name, inputs, folder / "Dockerfile", fill, BASE_IMAGE=base)


def upstream(name: str) -> Path:
    """Return the folder of a program's module, with the manifests of its release."""
    return module(versions()["programs"][name]["module"])


def documents(path: Path) -> list[Document]:
    """Return the objects of a file of manifests, or of a folder with a kustomization; the images are ours."""
    text = output([command("kubectl"), "kustomize", path]) if path.is_dir() else path.read_text()
    made = [item for item in yaml.load_all(text, _Loader) if item]
    for item in made:
        pod = item.get("spec", {}).get("template", {}).get("spec", {})
        for container in (*pod.get("containers", ()), *pod.get("initContainers", ())):
            name = container["image"].rpartition("/")[2].partition(":")[0]
            if name in versions()["addons"]:
                container["image"] = versions()["addons"][name]["reference"]
    return made


def one(objects: Iterable[Document], kind: str, name: str) -> Document:
    """Return the object of this kind and name, to change it."""
    (found,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    return found


def apply(cluster: Cluster, objects: Iterable[Document]) -> None:
    """Apply objects, definitions of kinds first, and wait until every workload among them is rolled out.

    Raises:
        UserError: the API server refuses one, or a workload takes more than three minutes.

    """
    everything = list(objects)
    kinds = [item for item in everything if item["kind"] == "CustomResourceDefinition"]
    others = [item for item in everything if item not in kinds]
    if kinds:
        _kubectl(cluster, kinds, "apply", "--server-side", "--force-conflicts")
        _kubectl(cluster, kinds, "wait", "--for=condition=Established", READY_TIMEOUT)
    if others:
        _kubectl(cluster, others, "apply", "--server-side", "--force-conflicts")
    for item in others:
        if item["kind"] in WORKLOADS:
            space, name = item["metadata"].get("namespace", "default"), item["metadata"]["name"]
            cluster.kubectl(
                "rollout", "status", f"{item['kind']}/{name}", f"--namespace={space}", READY_TIMEOUT
            )


def delete(cluster: Cluster, objects: Iterable[Document]) -> None:
    """Delete objects, those that stand last first, and wait until they are gone."""
    _kubectl(cluster, list(objects)[::-1], "delete", "--ignore-not-found", "--wait", GONE_TIMEOUT)


@contextmanager
def applied(cluster: Cluster, objects: Iterable[Document]) -> Iterator[None]:
    """Have these objects on the cluster for a while."""
    everything = list(objects)
    try:
        apply(cluster, everything)
        yield
    finally:
        delete(cluster, everything)


def _kubectl(cluster: Cluster, objects: list[Document], *words: str) -> None:
    manifest = yaml.dump_all(objects, Dumper=yaml.CSafeDumper)
    output([command("kubectl"), *words, "--filename", "-"], env=cluster.env(), stdin=manifest)
