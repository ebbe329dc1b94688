"""Each field of each recorded object may be missing: the doctor still says a sentence."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from mcapp.doctor.causes import CAUSES
from mcapp.doctor.report import text
from mcapp.doctor.walk import look
from mcapp.errors import UserError
from mcapp.kube.kubectl import Kubectl
from tests.support.doctor_recording import Replay, ReplayedKubectl, key, load, objects

# Between them they lead through every check; what one of them tried, the others need not try again.
TRIED = (
    *("healthy", "foreign-endpoint", "image-missing", "no-leader", "no-labelled-node", "crash-loop"),
    *("dns-down", "provisioner-down", "volume-affinity"),
)
Way = tuple[str | int, ...]


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """Yield the way to each field below a value, and to the first element of each list."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield (*way, key)
            yield from ways(one, (*way, key))
    elif isinstance(value, list) and value:
        yield from ways(value[0], (*way, 0))


def parent(value: Any, way: Way) -> Any:
    for step in way[:-1]:
        value = value[step]
    return value


class _Kubectl(ReplayedKubectl):
    """Fails where another object than the recorded one is asked for."""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        if key(arguments) in self.calls:
            return ReplayedKubectl.run(self, *arguments)
        return subprocess.CompletedProcess(arguments, 1, b"", b"error: not recorded")


class _Replay(Replay):
    """Reaches no address but those that were recorded."""

    def outside(self, address: str, port: int, path: str) -> dict[str, Any]:
        recorded = self.document.get("outside", {}).get(f"{address}:{port}{path}")
        return dict(recorded) if recorded else {"outcome": "failed", "detail": "not recorded", "ms": 1.0}

    def touch(self, address: str, port: int) -> str:
        found: str = self.document.get("touch", {}).get(f"{address}:{port}", "failed")
        return found


def said(document: dict[str, Any]) -> str:
    """Return what the doctor says of a recording: a diagnosis or the sentence of an error."""
    reader = _Replay(_Kubectl(calls=document["calls"]), document["namespace"], document["release"], document)
    try:
        diagnosis = look(reader)
    except UserError as error:
        return str(error)
    if diagnosis.finding:
        assert diagnosis.finding.cause in CAUSES
    return "\n".join(text.lines(diagnosis, Kubectl(), "en"))


@pytest.fixture(scope="module")
def seen() -> set[tuple[Any, ...]]:
    """The fields that an earlier recording has lost."""
    return set()


def listed(document: dict[str, Any]) -> list[tuple[str, list[Any], int, dict[str, Any]]]:
    """Return every object that was read: the question in short, the list it stands in, and its place."""
    answers = [(call[:30], answer["out"]) for call, answer in document["calls"].items()]
    lists = [(call, out["items"]) for call, out in answers if isinstance(out, dict)]
    return [(call, items, *one) for call, items in lists for one in enumerate(items)]


@pytest.mark.parametrize("cause", TRIED)
def test_a_field_that_is_missing(cause: str, seen: set[tuple[Any, ...]]) -> None:
    document = load(cause)
    for call, items, position, item in listed(document):
        for way in ways(item):
            about = (call, item["kind"], *("*" if isinstance(step, int) else step for step in way))
            if about in seen or way in (("kind",), ("metadata",), ("metadata", "name")):
                continue
            seen.add(about)
            items[position] = copy.deepcopy(item)
            del parent(items[position], way)[way[-1]]
            try:
                assert said(document)
            except Exception as error:
                raise AssertionError(about) from error
        items[position] = item
    assert len(seen) > 300


def test_a_field_that_is_null_is_one_that_is_missing() -> None:
    document = load("healthy")
    for item in objects(document):
        item["status"] = {**item.get("status", {}), "conditions": None, "containerStatuses": None}
        item["metadata"]["labels"] = item["metadata"].get("labels")
    missing = load("healthy")
    for item in objects(missing):
        for field in ("conditions", "containerStatuses"):
            item.get("status", {}).pop(field, None)
    assert said(document) == said(missing)


def test_a_pod_with_the_labels_of_api_and_nothing_else() -> None:
    document = load("healthy")
    pods = [item["metadata"] for item in objects(document) if item["kind"] == "Pod"]
    labels = next(pod["labels"] for pod in pods if pod["name"].startswith("api-"))
    objects(document).append({"kind": "Pod", "metadata": {"name": "by-hand", "labels": labels}})
    assert "Healthy" in said(document)
