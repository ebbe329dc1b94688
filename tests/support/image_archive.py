"""Small archives of images: as `make images` writes them, and as OCI layouts."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
from pathlib import Path
from typing import Any

NAMES = ("mcapp/web:9.9.9", "postgres:16")
_OCI = "application/vnd.oci.image"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def layer(size: int, seed: int) -> bytes:
    """Return a layer with one file of this many bytes, which no compression makes smaller."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        add(tar, f"file-{seed}", random.Random(seed).randbytes(size))  # noqa: S311 - no secret
    return made.getvalue()


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def config(content: bytes, arch: str) -> bytes:
    made = {
        "architecture": arch,
        "os": "linux",
        "config": {"Cmd": ["/file"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(content)]},
    }
    return json.dumps(made).encode()


def saved(path: Path, *, size: int = 1000, arch: str = "amd64", seed: int = 0) -> dict[str, str]:
    """Write an archive as `docker save` and dev.kind.images.transfer do; return the ids by full name."""
    table, ids = [], {}
    with tarfile.open(path, "w") as tar:
        for number, name in enumerate(NAMES):
            content = layer(size // len(NAMES), seed + number)
            described = config(content, arch)
            plain = digest(described).removeprefix("sha256:")
            add(tar, f"{plain}.json", described)
            add(tar, f"{plain}/layer.tar", content)
            table.append({"Config": f"{plain}.json", "RepoTags": [name], "Layers": [f"{plain}/layer.tar"]})
            ids[full(name)] = digest(described)
        add(tar, "manifest.json", json.dumps(table).encode())
    return ids


def layout(path: Path, *, archs: tuple[str, ...] = ("amd64",), seed: int = 0) -> dict[str, str]:
    """Write an OCI layout; of several architectures each image is an index. Return the targets by name."""
    blobs: dict[str, bytes] = {}

    def put(content: bytes, kind: str, **more: Any) -> dict[str, Any]:
        blobs[digest(content)] = content
        return {"mediaType": kind, "digest": digest(content), "size": len(content), **more}

    top, targets = [], {}
    for number, name in enumerate(NAMES):
        manifests = []
        for offset, arch in enumerate(archs):
            content = layer(1000, seed + number + 100 * offset)
            manifest = {
                "schemaVersion": 2,
                "mediaType": f"{_OCI}.manifest.v1+json",
                "config": put(config(content, arch), f"{_OCI}.config.v1+json"),
                "layers": [put(content, f"{_OCI}.layer.v1.tar")],
            }
            platform = {"architecture": arch, "os": "linux"}
            made = put(json.dumps(manifest).encode(), f"{_OCI}.manifest.v1+json", platform=platform)
            manifests.append(made)
        entry = manifests[0]
        if len(archs) > 1:
            index = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": manifests}
            entry = put(json.dumps(index).encode(), f"{_OCI}.index.v1+json")
        top.append({**entry, "annotations": {"io.containerd.image.name": full(name)}})
        targets[full(name)] = str(entry["digest"])
    with tarfile.open(path, "w") as tar:
        add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        add(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": top}).encode())
        for name, content in blobs.items():
            add(tar, f"blobs/{name.replace(':', '/')}", content)
    return targets


def saved_as_layout(path: Path, *, seed: int = 0) -> dict[str, str]:
    """Write an archive as `docker save` does from Docker 25 on: an OCI layout with a manifest.json, too.

    Return the names in it by those that they are to get.
    """
    targets = layout(path, seed=seed)
    with tarfile.open(path) as tar:
        blobs = {member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar}
    table, wanted = [], {}
    for number, (name, target) in enumerate(targets.items()):
        manifest = json.loads(blobs[f"blobs/{target.replace(':', '/')}"])
        found, *layers = (
            f"blobs/{one['digest'].replace(':', '/')}" for one in (manifest["config"], *manifest["layers"])
        )
        table.append({"Config": found, "RepoTags": [f"mcapp/built:{number}"], "Layers": layers})
        wanted[f"mcapp/built:{number}"] = name
    with tarfile.open(path, "a") as tar:
        add(tar, "manifest.json", json.dumps(table).encode())
        add(tar, "repositories", b"{}")
    return wanted


def full(name: str) -> str:
    return f"docker.io/{name}" if "/" in name else f"docker.io/library/{name}"
