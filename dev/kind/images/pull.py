"""Pulls an image, and says in one sentence why it cannot be."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from dev.kind.docker import client
from dev.kind.images.platform import NATIVE, Platform
from dev.kind.process import succeeds
from mcapp.errors import FailedError
from mcapp.progress import step


@dataclass(frozen=True)
class Cause:
    """What the engine prints for a cause, and what is said then; ``{image}`` and ``{host}`` are filled in."""

    printed: str
    problem: str
    remedy: str


# The first that fits is said. In the words of Docker 20.10 to 29, and of the registries behind it.
CAUSES = (
    Cause(
        r"toomanyrequests|429 Too Many Requests|rate limit",
        "{host} serves this machine no more images for now: its rate limit is reached (429).",
        "Log in (`docker login {host}`), wait an hour, or name a mirror (MCAPP_REGISTRY_MIRROR).",
    ),
    Cause(
        r"x509|certificate signed by unknown authority|tls: failed to verify",
        "The certificate of {host} is not one that this machine trusts.",
        "Behind a proxy that inspects TLS, give Docker its CA: /etc/docker/certs.d/{host}/ca.crt.",
    ),
    Cause(
        r"no matching manifest for|does not match the specified platform",
        "{image} is there, but not for {platform}.",
        "Choose a tag that has it, or IMAGES=build.",
    ),
    Cause(
        r"manifest unknown|manifest for .* not found",
        "{host} has no {image}: it knows the image, and not this tag.",
        "Look the tag up where the image comes from; pyproject.toml names it.",
    ),
    Cause(
        r"repository name not known|name unknown|repository does not exist|repository .* not found",
        "{host} has no image of the name {image}, or shows it only after a login.",
        "Is the name right? If it is, `docker login {host}`.",
    ),
    Cause(
        r"unauthorized|authentication required|no basic auth|denied|403 Forbidden|401",
        "{host} wants a login for {image}.",
        "`docker login {host}`, with an account that may read it.",
    ),
    Cause(
        r"no space left on device",
        "The disk of the Docker engine is full.",
        "`docker system df` tells of what; `docker system prune` makes room.",
    ),
    Cause(
        r"no such host|connection refused|timeout|network is unreachable|proxyconnect|EOF|server misbehaving",
        "{host} does not answer.",
        "Is this machine on the internet, by way of a proxy? `make up IMAGES=build` needs no image registry.",
    ),
)


def pull(reference: str, platform: Platform = NATIVE) -> None:
    """Pull an image for a platform.

    Raises:
        FailedError: the registry does not give it; the message is the cause in one sentence.

    """
    words = [client(), "pull", "--quiet", "--platform", platform, reference]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    said = f"{done.stdout}\n{done.stderr}"
    if done.returncode == 0:
        return
    found = cause_of(said)
    if found is None:
        raise FailedError(f"{reference} cannot be pulled: {done.stderr.strip()}")
    names = {"image": reference, "host": host_of(reference), "platform": platform}
    raise FailedError(found.problem.format(**names), found.remedy.format(**names))


def require(reference: str) -> None:
    """Pull an image, unless the engine has it. Raises FailedError as `pull` does."""
    if not succeeds([client(), "image", "inspect", reference]):
        with step(f"Pulling {reference.partition('@')[0]}"):
            pull(reference)


def cause_of(said: str) -> Cause | None:
    """Return the cause of what the engine printed; None if it is not known."""
    return next((cause for cause in CAUSES if re.search(cause.printed, said, re.IGNORECASE)), None)


def host_of(reference: str) -> str:
    """Return the host of the registry that serves an image: ``docker.io`` where the reference names none."""
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"
