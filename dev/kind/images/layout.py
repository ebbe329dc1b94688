"""Images as an OCI layout with compressed layers: what a node brings along takes a third of its room."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from dev.kind.docker import client
from dev.kind.images.source import Image
from dev.kind.images.transfer import full_reference
from dev.kind.process import logged

_OCI = "application/vnd.oci.image"
# Quick to write, and read as quickly as if it were not compressed.
_ZSTD = ("zstd", "-3", "--threads=0", "--quiet", "--stdout")


def write_layout(items: list[Image], path: Path) -> None:
    """Write images into one archive under the names their users ask for, each layer once.

    The engine's own format has no room for layers compressed by zstd, which a registry serves in this one.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="layout.") as folder:
        saved, blobs = Path(folder, "saved.tar"), Path(folder, "blobs", "sha256")
        blobs.mkdir(parents=True)
        logged("docker-save", [client(), "save", "--output", saved, *dict.fromkeys(i.local for i in items)])
        with tarfile.open(saved) as archive:
            manifests = _manifests(archive, blobs)
        saved.unlink()
        named = [
            {
                **manifests[item.local],
                "annotations": {"io.containerd.image.name": full_reference(item.reference)},
            }
            for item in items
        ]
        index = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": named}
        Path(folder, "index.json").write_text(json.dumps(index))
        Path(folder, "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
        with tarfile.open(path, "w") as target:
            for name in ("oci-layout", "index.json", "blobs"):
                target.add(Path(folder, name), name)


def _manifests(archive: tarfile.TarFile, blobs: Path) -> dict[str, dict[str, Any]]:
    """Write the blobs of a `docker save`; return the descriptor of the manifest of each name in it."""
    layers: dict[str, dict[str, Any]] = {}
    manifests = {}
    for entry in json.loads(_content(archive, "manifest.json")):
        config = _content(archive, entry["Config"])
        # By what they are, not where they stand: two images that share a layer may each have a path to it.
        identities = json.loads(config)["rootfs"]["diff_ids"]
        for identity, name in zip(identities, entry["Layers"], strict=True):
            if identity not in layers:
                layers[identity] = _layer(archive, name, blobs)
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": _blob(config, f"{_OCI}.config.v1+json", blobs),
            "layers": [layers[identity] for identity in identities],
        }
        described = _blob(json.dumps(manifest).encode(), f"{_OCI}.manifest.v1+json", blobs)
        manifests.update(dict.fromkeys(entry["RepoTags"], described))
    return manifests


def _layer(archive: tarfile.TarFile, name: str, blobs: Path) -> dict[str, Any]:
    made = blobs / "layer"
    source = archive.extractfile(name)
    with made.open("wb") as file, subprocess.Popen(_ZSTD, stdin=subprocess.PIPE, stdout=file) as zstd:
        if source and zstd.stdin:
            shutil.copyfileobj(source, zstd.stdin, 2**20)
            zstd.stdin.close()
    if zstd.returncode:
        raise subprocess.CalledProcessError(zstd.returncode, _ZSTD)
    with made.open("rb") as written:
        found = hashlib.file_digest(written, "sha256").hexdigest()
    size = made.stat().st_size
    made.rename(blobs / found)
    return {"mediaType": f"{_OCI}.layer.v1.tar+zstd", "digest": f"sha256:{found}", "size": size}


def _blob(content: bytes, kind: str, blobs: Path) -> dict[str, Any]:
    found = hashlib.sha256(content).hexdigest()
    (blobs / found).write_bytes(content)
    return {"mediaType": kind, "digest": f"sha256:{found}", "size": len(content)}


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    return (archive.extractfile(name) or io.BytesIO()).read()
