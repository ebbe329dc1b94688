"""Carries images: into the nodes of a cluster, and into one archive."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from dev.kind.docker import client, docker
from dev.kind.images.source import Image
from dev.kind.process import logged
from mcapp.errors import FailedError
from mcapp.images.archive import full

CHUNK = 2**20


def import_into(containers: list[str], items: list[Image], *flags: str) -> None:
    """Copy images from the Docker engine into the nodes' containerds, under the names their users ask for.

    All in one stream, read once and written to every node: what the images share crosses once.

    Raises:
        UserError: a node does not take them.

    """
    ctr = ("ctr", "--namespace", "k8s.io", "images")
    names = [item.local for item in items]
    with subprocess.Popen([client(), "save", *names], stdout=subprocess.PIPE) as save:
        readers = {
            container: _reader(container, *ctr, "import", "--digests", *flags, "-")
            for container in containers
        }
        _fan_out(save, readers.values())
    for container, reader in readers.items():
        said = reader.stderr.read().decode().strip() if reader.stderr else ""
        if reader.wait() or save.returncode:
            problem = f"Node {container} does not take the images {', '.join(names)}: {said}"
            raise FailedError(problem, "Is its disk full? `docker system df` tells.")
        for item in items:
            name = full(item.local), full(item.reference)
            docker("exec", container, *ctr, "tag", "--force", *name)


def _reader(container: str, *what: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [client(), "exec", "--interactive", container, *what],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _fan_out(writer: subprocess.Popen[bytes], readers: Iterable[subprocess.Popen[bytes]]) -> None:
    """Copy what one program writes to all that read; one that stopped reading says why later."""
    source, pipes = writer.stdout, [reader.stdin for reader in readers if reader.stdin]
    while source and (chunk := source.read(CHUNK)):
        for pipe in list(pipes):
            try:
                pipe.write(chunk)
            except BrokenPipeError:
                pipes.remove(pipe)
    for pipe in pipes:
        pipe.close()


def archive(items: list[Image], path: Path) -> None:
    """Write images into one archive under the names their users ask for, for machines without a registry.

    The engine knows them by other names, so that none of the user's is shadowed: only the archive's table
    of names is written anew. The file is there whole or not at all.
    """
    references = {item.local: item.reference for item in items}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="images.") as folder:
        saved, renamed = Path(folder) / "saved.tar", Path(folder) / "renamed.tar"
        logged("docker-save", [client(), "save", "--output", saved, *references])
        rename(saved, renamed, references)
        renamed.rename(path)


def rename(saved: Path, renamed: Path, references: Mapping[str, str]) -> None:
    """Write what `docker save` wrote once more, with other names: those that stand for the old ones."""
    with tarfile.open(saved) as source, tarfile.open(renamed, "w") as target:
        for member in source:
            content = source.extractfile(member)
            if member.name in ("index.json", "oci-layout", "repositories"):
                # They repeat the names; the manifest alone is enough for Docker and containerd. An archive
                # with a layout's mark and without its index, containerd refuses.
                continue
            if member.name == "manifest.json" and content:
                table = json.load(content)
                for entry in table:
                    entry["RepoTags"] = [references[tag] for tag in entry["RepoTags"]]
                text = json.dumps(table).encode()
                member.size, content = len(text), io.BytesIO(text)
            target.addfile(member, content)
