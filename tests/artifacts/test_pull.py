"""Why an image cannot be pulled, in one sentence; in the words of engines and registries."""

from __future__ import annotations

import re

import pytest

from dev.kind.images.pull import CAUSES, Cause, cause_of, host_of

# What was printed, and what must be said of it.
PRINTED = [
    (
        "Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit.",
        "its rate limit is reached",
    ),
    (
        'Error response from daemon: Get "https://ghcr.io/v2/": received unexpected HTTP status: '
        "429 Too Many Requests",
        "its rate limit is reached",
    ),
    (
        'Error response from daemon: Get "https://registry-1.docker.io/v2/": x509: certificate signed by '
        "unknown authority",
        "is not one that this machine trusts",
    ),
    (
        'failed to resolve reference "docker.io/library/postgres:16": tls: failed to verify certificate',
        "is not one that this machine trusts",
    ),
    (
        "no matching manifest for linux/riscv64 in the manifest list entries",
        "is there, but not for linux/amd64",
    ),
    (
        "image with reference python:3.11-slim was found but does not match the specified platform: wanted "
        "linux/amd64, actual: linux/arm64",
        "is there, but not for linux/amd64",
    ),
    (
        "Error response from daemon: manifest for postgres:99 not found: manifest unknown: manifest unknown",
        "it knows the image, and not this tag",
    ),
    (
        "Error response from daemon: pull access denied for mcapp/nothing, repository does not exist or may "
        "require 'docker login': denied: requested access to the resource is denied",
        "has no image of the name",
    ),
    (
        "Error response from daemon: repository lab:5000/x not found: name unknown: Unknown name",
        "has no image of the name",
    ),
    (
        'Error response from daemon: Head "https://lab/v2/x/manifests/1": unauthorized: authentication '
        "required",
        "wants a login",
    ),
    ("Error response from daemon: Get https://lab/v2/: no basic auth credentials", "wants a login"),
    (
        "failed to register layer: write /usr/lib/libx.so: no space left on device",
        "The disk of the Docker engine is full",
    ),
    (
        'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup '
        "registry-1.docker.io: no such host",
        "does not answer",
    ),
    (
        'Error response from daemon: Get "https://lab:5000/v2/": proxyconnect tcp: dial tcp 10.0.0.1:3128: '
        "connect: connection refused",
        "does not answer",
    ),
]


@pytest.mark.parametrize(("printed", "said"), PRINTED, ids=range(len(PRINTED)))
def test_the_cause_is_said(printed: str, said: str) -> None:
    found = cause_of(printed)
    assert found
    names = {"image": "python:3.11-slim", "host": "docker.io", "platform": "linux/amd64"}
    problem, remedy = (text.format(**names) for text in (found.problem, found.remedy))
    assert said in problem
    assert remedy
    assert not re.search(r"[{}]", problem + remedy)


def test_each_cause_has_been_seen() -> None:
    assert {cause_of(printed) for printed, _ in PRINTED} == set(CAUSES)


def test_what_is_not_known_has_no_cause() -> None:
    assert cause_of("Error response from daemon: the moon is full") is None
    assert all(isinstance(cause, Cause) for cause in CAUSES)


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("postgres:16", "docker.io"),
        ("nginxinc/nginx-unprivileged:1.31-alpine", "docker.io"),
        ("ghcr.io/owner/mcapp/web:0.2.0", "ghcr.io"),
        ("127.0.0.1:5001/mcapp/web:0.2.0", "127.0.0.1:5001"),
        ("localhost/web", "localhost"),
    ],
)
def test_the_host_of_a_reference(reference: str, host: str) -> None:
    assert host_of(reference) == host
