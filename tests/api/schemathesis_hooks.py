"""A rule of the api that the OpenAPI document cannot express."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import schemathesis

_HEADER = "idempotency-key"


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext,  # noqa: ARG001
    case: schemathesis.Case[Any],
    kwargs: dict[str, Any],  # noqa: ARG001
) -> None:
    """Give every body a valid key of its own: the api refuses one key with two different bodies."""
    if case.headers and _is_uuid(case.headers.get(_HEADER, "")):
        case.headers[_HEADER] = str(uuid5(NAMESPACE_URL, repr(case.body)))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
