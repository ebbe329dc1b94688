"""Images as an OCI layout with compressed layers: what a node brings along takes a third of its room.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dev.kind.docker import client
from dev.kind.images.layers import ZSTD, Compressor, Layer, compressed
from dev.kind.images.source import Image
from dev.kind.process import logged
from mcapp.images.archive import full

Descriptor = dict[str, Any]
INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
# What the engine that built an image says of itself.
_OF_THE_BUILD = (
    *("container", "container_config", "docker_version", "id", "parent"),
    *("moby.buildkit.buildinfo.v1", "moby.buildkit.cache.v0"),
)


class Layout:
    """A folder with images, each layer and each image of them once.

    With an `epoch`, in seconds, it is the same byte for byte whenever it is written from the same sources.
    """

    def __init__(self, folder: Path, *, by: Compressor = ZSTD, epoch: int | None = None) -> None:
        self.folder = folder
        self._blobs = folder / "blobs" / "sha256"
        self._blobs.mkdir(parents=True)
        self._by, self._epoch = by, epoch
        self._layers: dict[str, Layer] = {}

    def add(self, locals_: Iterable[str], labels: dict[str, str] | None = None) -> dict[str, Descriptor]:
        """Take images out of the engine; return what describes each, by its local name."""
        names = list(dict.fromkeys(locals_))
        with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix="saved.") as folder:
            saved = Path(folder, "saved.tar")
            logged("docker-save", [client(), "save", "--output", saved, *names])
            with tarfile.open(saved) as archive:
                table = json.loads(_content(archive, "manifest.json"))
                made = {}
                for entry in table:
                    described = self._manifest(archive, entry, labels or {})
                    made.update(dict.fromkeys(entry["RepoTags"], described))
        return made

    def _manifest(
        self, archive: tarfile.TarFile, entry: dict[str, Any], labels: dict[str, str]
    ) -> Descriptor:
        config = json.loads(_content(archive, entry["Config"]))
        # By what they are, not where they stand: two images that share a layer may each have a path to it.
        identities = config["rootfs"]["diff_ids"]
        for identity, name in zip(identities, entry["Layers"], strict=True):
            if identity not in self._layers:
                source = archive.extractfile(name) or io.BytesIO()
                self._layers[identity] = compressed(source, self._blobs, self._by, self._epoch)
        layers = [self._layers[identity] for identity in identities]
        config["rootfs"]["diff_ids"] = [f"sha256:{layer.diff_id}" for layer in layers]
        if self._epoch is not None:
            config = _dated(config, self._epoch)
        if labels:
            config["config"]["Labels"] = {**(config["config"].get("Labels") or {}), **labels}
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self.blob(_json(config), _CONFIG),
            "layers": [
                {"mediaType": self._by.media_type, "digest": f"sha256:{layer.digest}", "size": layer.size}
                for layer in layers
            ],
        }
        platform = {key: config[key] for key in ("architecture", "os", "variant") if config.get(key)}
        return {**self.blob(_json(manifest), _MANIFEST), "platform": platform}

    def blob(self, content: bytes, kind: str) -> Descriptor:
        """Keep a blob, and return what describes it."""
        found = hashlib.sha256(content).hexdigest()
        (self._blobs / found).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{found}", "size": len(content)}

    def write(self, folder: Path, manifests: Sequence[Descriptor]) -> None:
        """Write a layout of these images alone into a folder, which may be this one's."""
        blobs = folder / "blobs" / "sha256"
        blobs.mkdir(parents=True, exist_ok=True)
        for described in manifests:
            manifest = json.loads((self._blobs / _name(described)).read_bytes())
            for part in (described, manifest["config"], *manifest["layers"]):
                if not (blobs / _name(part)).exists():
                    os.link(self._blobs / _name(part), blobs / _name(part))
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests)}
        Path(folder, "index.json").write_bytes(_json(index))
        Path(folder, "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))


def write_layout(items: list[Image], path: Path) -> None:
    """Write images into one archive under the names their users ask for, each layer once.

    The engine's own format has no room for layers compressed by zstd, which a registry serves in this one.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="layout.") as folder:
        layout = Layout(Path(folder, "layout"))
        made = layout.add(item.local for item in items)
        layout.write(layout.folder, [named(made[item.local], item.reference) for item in items])
        pack(layout.folder, path)


def named(described: Descriptor, reference: str) -> Descriptor:
    """Say under which name containerd is to know an image."""
    return {**described, "annotations": {"io.containerd.image.name": full(reference)}}


def pack(folder: Path, path: Path, epoch: int | None = None) -> None:
    """Write a layout into one archive, in which no file is later than `epoch`, in seconds."""

    def dated(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime = int(member.mtime) if epoch is None else epoch
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mode = 0o755 if member.isdir() else 0o644
        return member

    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as target:
        for file in (folder / "oci-layout", folder / "index.json", *sorted(folder.glob("blobs/sha256/*"))):
            target.add(file, str(file.relative_to(folder)), filter=dated)


def _dated(config: dict[str, Any], epoch: int) -> dict[str, Any]:
    created = datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")
    kept = {key: value for key, value in config.items() if key not in _OF_THE_BUILD}
    settings = {key: value for key, value in kept["config"].items() if key not in ("Hostname", "Image")}
    history = [{**step, "created": created} for step in kept.get("history", ())]
    return {**kept, "config": settings, "created": created, "history": history}


def _name(described: Descriptor) -> str:
    digest: str = described["digest"]
    return digest.removeprefix("sha256:")


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    return (archive.extractfile(name) or io.BytesIO()).read()
