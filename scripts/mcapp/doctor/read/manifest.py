"""What Helm installed: the objects of the release's newest revision, as Helm keeps them in a Secret."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from mcapp import yamltext

# The kinds whose live objects the doctor reads. A Secret's content is nobody's business.
KINDS = ("Deployment", "StatefulSet", "Service", "NetworkPolicy", "PersistentVolumeClaim")
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


def newest(secrets: Iterable[dict[str, Any]]) -> Manifest:
    """Return the manifest of the newest of these revisions, an empty one while it is not deployed."""
    told = [(item["metadata"].get("labels") or {}, item.get("data") or {}) for item in secrets]
    numbered = [(int(labels.get("version", "0")), labels, data) for labels, data in told]
    if not numbered:
        return Manifest()
    _, labels, data = max(numbered, key=lambda one: one[0])
    if labels.get("status") != "deployed":
        return Manifest()
    try:
        packed = base64.b64decode(base64.b64decode(data["release"]))
        release = json.loads(gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed)
        return Manifest(tuple(objects(release["manifest"])), release.get("apply_method") == "ssa")
    except (ValueError, KeyError, TypeError, EOFError, gzip.BadGzipFile, yaml.YAMLError) as error:
        return Manifest(why=f"{type(error).__name__}: {error}")


def objects(text: str) -> Iterable[dict[str, Any]]:
    """Yield the objects of a manifest that the doctor compares."""
    for part in _SPLIT.split(text):
        if _KIND.search(part) and isinstance(found := yamltext.load(part), dict):
            yield found
