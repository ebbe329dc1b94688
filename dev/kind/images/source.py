"""Where images come from, and the two names of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dev.kind.docker import client
from dev.kind.process import succeeds
from dev.kind.versions import image
from mcapp.messages import announce
from mcapp.progress import step

PROBE_SECONDS = 15


class Source(StrEnum):
    """Where images come from."""

    PULL = "pull"
    BUILD = "build"


# What the set-up takes as its one setting.
SOURCES = ("auto", *Source)


@dataclass(frozen=True)
class Image:
    """An image in the Docker engine, and the reference under which a node must know it."""

    local: str
    reference: str


def choose_source(wanted: str) -> Source:
    """Turn ``auto`` into ``pull`` or ``build`` by one quick probe, and say which it is and why."""
    if wanted != "auto":
        return Source(wanted)
    probe = image("postgres")
    with step(f"Probing for an image registry (is {probe} to be had?)"):
        answers = succeeds([client(), "manifest", "inspect", probe], timeout=PROBE_SECONDS)
    if answers:
        announce("    a registry answers: images are pulled (IMAGES=build builds them here)")
        return Source.PULL
    announce(
        "    no registry answers: images are built from package registries (IMAGES=pull insists on pulling)"
    )
    return Source.BUILD
