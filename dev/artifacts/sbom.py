"""What an image contains, in CycloneDX: Debian's packages, Python's packages, and our own parts.

It is read out of the image's own layers: dpkg's status, and the METADATA of each distribution.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from dev.kind.docker import client
from dev.kind.process import logged

_STATUS = re.compile(r"(\./)?var/lib/dpkg/status(\.d/.+)?$")
_METADATA = re.compile(r".+\.dist-info/METADATA$")
_APK = re.compile(r"(\./)?(usr/)?lib/apk/db/installed$")


def write(local: str, name: str, version: str, path: Path, epoch: int) -> None:
    """Write the bill of materials of an image that the engine has.

    Raises:
        UserError: the engine does not have it.

    """
    found: dict[str, Component] = {}
    saved = path.with_suffix(".tar")
    try:
        logged("docker-create", [client(), "create", "--name", _container(local), local])
        logged("docker-export", [client(), "export", "--output", saved, _container(local)])
        with tarfile.open(saved) as tree:
            for kind, package, of_version in _packages(tree):
                url = PackageURL(*kind, package, of_version)
                found[url.to_string()] = Component(
                    name=package,
                    version=of_version,
                    type=ComponentType.LIBRARY,
                    purl=url,
                    bom_ref=url.to_string(),
                )
    finally:
        logged("docker-rm", [client(), "rm", "--force", _container(local)])
        saved.unlink(missing_ok=True)
    bom = Bom(components=found.values())
    bom.metadata.component = Component(name=name, version=version, type=ComponentType.CONTAINER, bom_ref=name)
    bom.register_dependency(bom.metadata.component, found.values())
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, UTC)
    bom.serial_number = uuid5(NAMESPACE_URL, "\n".join((name, version, *sorted(found))))
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n")


def _container(local: str) -> str:
    return f"sbom-{local.replace('/', '-').replace(':', '-')}"


def _packages(tree: tarfile.TarFile) -> Iterator[tuple[tuple[str, str | None], str, str]]:
    """Yield the kind (type and namespace of a package URL), the name and the version of each package."""
    for member in tree:
        kind = next((key for key, form in _KINDS.items() if form.match(member.name)), None)
        content = tree.extractfile(member) if kind and member.isreg() else None
        if kind is None or content is None:
            continue
        text = content.read().decode()
        for record in [text] if kind[0] == "pypi" else text.split("\n\n"):
            headers = HeaderParser().parsestr(record)
            name, version = headers["Package"] or headers["Name"], headers["Version"]
            if kind[0] == "apk":
                lines = dict(line.split(":", 1) for line in record.splitlines() if ":" in line)
                name, version = lines.get("P"), lines.get("V")
            if name and version and headers.get("Status", "installed").endswith("installed"):
                yield kind, name, version


_KINDS: dict[tuple[str, str | None], re.Pattern[str]] = {
    ("deb", "debian"): _STATUS,
    ("pypi", None): _METADATA,
    ("apk", "alpine"): _APK,
}
