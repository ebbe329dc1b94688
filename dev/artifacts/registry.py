"""A registry: what it has under a reference, and how an image or a chart gets there.

Images go by crane, the chart by helm. Both take the logins that Docker or helm keeps.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.artifacts import sums
from dev.kind.process import logged, output
from dev.kind.programs import command
from mcapp.errors import FailedError

# What registries answer where nothing is under a name.
# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
NOTHING_THERE = ("MANIFEST_UNKNOWN", "NAME_UNKNOWN", "404 Not Found")


@dataclass(frozen=True)
class Artifact:
    """An image (a folder with an OCI layout) or a chart (a .tgz) of ours, and its reference in a registry."""

    reference: str
    path: Path

    @property
    def digest(self) -> str:
        """The SHA-256, in hex, that a registry must show: of an image's index, of a chart's archive."""
        return sums.digest(self.path / "index.json" if self.path.is_dir() else self.path)


@dataclass(frozen=True)
class Registry:
    """A registry, by the host (and the path) that stands before each name in it."""

    name: str
    plain_http: bool = False

    def has(self, artifact: Artifact) -> bool:
        """Tell whether the registry has this very artifact.

        Raises:
            UserError: it has another under this reference, or does not say.

        """
        done = self._crane("manifest", artifact.reference)
        if done.returncode:
            said = done.stderr.decode().strip()
            if any(word in said for word in NOTHING_THERE):
                return False
            raise FailedError(
                f"{self.name} does not tell what is under {artifact.reference}: {said}",
                f"Log in first: `docker login {self.name.partition('/')[0]}`.",
            )
        if artifact.digest in _digests(done.stdout):
            return True
        raise FailedError(
            f"{artifact.reference} is published already, with other content.",
            "A published version stays as it is: raise version and appVersion in Chart.yaml.",
        )

    def push(self, artifact: Artifact) -> None:
        """Push an artifact, and make sure that the registry has it then.

        Raises:
            UserError: the registry does not take it.

        """
        if artifact.path.is_dir():
            logged("push", [*self._words("push", "--index"), artifact.path, artifact.reference])
        else:
            plain = ["--plain-http"] if self.plain_http else []
            place = artifact.reference.rpartition("/")[0]
            logged("push", [command("helm"), "push", artifact.path, f"oci://{place}", *plain])
        if not self.has(artifact):
            raise FailedError(f"{self.name} took {artifact.reference}, and has nothing under that name.")

    def digest(self, artifact: Artifact) -> str:
        """Return the digest by which the registry knows an artifact: ``sha256:...``."""
        return output(self._words("digest", artifact.reference))

    def _crane(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(self._words(*words), capture_output=True, check=False)

    def _words(self, *words: str) -> list[str]:
        return [str(command("crane")), *(["--insecure"] if self.plain_http else []), *words]


def _digests(manifest: bytes) -> set[str]:
    """Return what names a manifest: its own SHA-256, and those of its layers."""
    layers = json.loads(manifest).get("layers", ())
    return {sums.of(manifest), *(layer["digest"].removeprefix("sha256:") for layer in layers)}
