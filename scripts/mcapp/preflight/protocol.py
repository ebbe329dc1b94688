"""The messages of preflight and its listener: requests of one size, answers that are never longer."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any, Literal, NamedTuple, get_args

SIZE = 512
_VERSION = 1
_TOKEN = re.compile(r"[0-9a-f]{32}")
_HOST_LENGTH = 64

# What the listener knows about the packet that it sent back to the VXLAN port of the machine that asked.
Back = Literal["", "sent", "refused", "filtered", "blocked"]
Ask = Literal["echo", "back"]


class Request(NamedTuple):
    """One probe: the run it belongs to, its nonce, and where the answer must go.

    ``echo`` is answered on the same flow, ``back`` by a packet of a new flow to the VXLAN port of the machine
    that asks, as VXLAN itself answers: a stateful firewall lets replies pass, but not a new flow.
    """

    run: str
    nonce: str
    ask: Ask


class Answer(NamedTuple):
    """What the listener reports: its machine, and which of this run's probes it received."""

    nonce: str
    host: str
    time: float
    firewall: str
    listening: tuple[str, ...]
    got: tuple[str, ...]
    back: Back


def token() -> str:
    """Return 32 random hex digits, for a run or a nonce."""
    return secrets.token_hex(16)


def pack_request(request: Request) -> bytes:
    """Return the request padded to its one size."""
    return json.dumps({"preflight": _VERSION, **request._asdict()}).encode().ljust(SIZE)


def unpack_request(data: bytes) -> Request | None:
    """Return the request, or None for anything that is not exactly one."""
    fields = _fields(data) if len(data) == SIZE else None
    if fields is None or fields.keys() != {"preflight", *Request._fields}:
        return None
    run, nonce, ask = fields["run"], fields["nonce"], fields["ask"]
    if not (_is_token(run) and _is_token(nonce)) or ask not in get_args(Ask):
        return None
    return Request(run, nonce, ask)


def pack_answer(answer: Answer) -> bytes:
    """Return the answer; never longer than a request."""
    cut = answer._replace(host=answer.host[:_HOST_LENGTH])
    packed = json.dumps({"preflight": _VERSION, **cut._asdict()}, separators=(",", ":")).encode()
    if len(packed) > SIZE:
        raise AssertionError("an answer must not be longer than its request")
    return packed


def unpack_answer(data: bytes) -> Answer | None:
    """Return the answer, or None for anything that is not exactly one."""
    fields = _fields(data) if len(data) <= SIZE else None
    if fields is None or fields.keys() != {"preflight", *Answer._fields}:
        return None
    del fields["preflight"]
    time, back = fields["time"], fields["back"]
    sound = (
        _is_token(fields["nonce"])
        and all(isinstance(fields[name], str) for name in ("host", "firewall"))
        and isinstance(time, float)
        and all(_are_words(fields[name]) for name in ("listening", "got"))
        and back in get_args(Back)
    )
    if not sound:
        return None
    return Answer(**{**fields, "listening": tuple(fields["listening"]), "got": tuple(fields["got"])})


def _fields(data: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and fields.get("preflight") == _VERSION else None


def _is_token(value: object) -> bool:
    return isinstance(value, str) and bool(_TOKEN.fullmatch(value))


def _are_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
