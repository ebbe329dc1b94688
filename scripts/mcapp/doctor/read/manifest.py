"""What Helm installed: the objects of the release's newest revision, as Helm keeps them in a Secret."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from mcapp import yamltext
from mcapp.kube.release import Revision

# The kinds whose live objects the doctor reads. A Secret's content is nobody's business.
KINDS = ("Deployment", "StatefulSet", "Service", "NetworkPolicy", "PersistentVolumeClaim")
# For kube.release.query: the content of the revisions that are not past, a line for each with its number.
CONTENT = (
    "{range .items[?(@.metadata.labels.status!='superseded')]}"
    "{.metadata.labels.version}{'\\t'}{.data.release}{'\\n'}{end}"
)
_COLUMNS = 2
_SPLIT = re.compile(r"^---.*$", re.MULTILINE)
_KIND = re.compile(rf"^kind: (?:{'|'.join(KINDS)})\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Manifest:
    """Objects as the chart wrote them; `why` tells why they are not known.

    `owned`: Helm applied them on the server, where a field that somebody else has set stops an upgrade.
    """

    objects: tuple[dict[str, Any], ...] = ()
    owned: bool = False
    why: str = ""


def newest(revisions: Sequence[Revision], printed: str) -> Manifest:
    """Return the manifest of the newest revision, as CONTENT has printed it.

    It has no objects while that revision is not deployed.
    """
    rows = (line.split("\t") for line in printed.splitlines())
    packed = {int(row[0]): row[1] for row in rows if len(row) == _COLUMNS and row[0].isdecimal()}
    if not revisions or not packed:
        return Manifest()
    number, last = max(packed), revisions[-1]
    try:
        content = base64.b64decode(base64.b64decode(packed[number]))
        release = json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
        owned = release.get("apply_method") == "ssa"
        if (last.number, last.status) != (number, "deployed"):
            return Manifest(owned=owned)
        return Manifest(tuple(objects(release["manifest"])), owned)
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, yaml.YAMLError) as error:
        return Manifest(why=f"{type(error).__name__}: {error}")


def objects(text: str) -> Iterable[dict[str, Any]]:
    """Yield the objects of a manifest that the doctor compares."""
    for part in _SPLIT.split(text):
        if _KIND.search(part) and isinstance(found := yamltext.load(part), dict):
            yield found
