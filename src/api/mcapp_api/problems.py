"""Every error of the api as a problem (RFC 9457): the catalogue, the exception, the response."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from .database.reasons import Code

MEDIA_TYPE = "application/problem+json"


class Kind(Enum):
    """A kind of problem: slug (the last part of `type`), HTTP status, title, meaning."""

    MALFORMED = ("malformed-request", 400, "Malformed request", "The body is not JSON in UTF-8.")
    ORIGIN = (
        "cross-origin",
        403,
        "Cross-origin request",
        "A page of another site sent this change. Send it from this site's own page, or from no page.",
    )
    NOT_FOUND = ("not-found", 404, "Not found", "There is nothing under this address.")
    METHOD = (
        "method-not-allowed",
        405,
        "Method not allowed",
        "The address exists; the header Allow names its methods.",
    )
    TASK_GONE = (
        "task-deleted",
        409,
        "Task deleted",
        "The task made with this Idempotency-Key has been deleted since.",
    )
    VERSION = (
        "version-mismatch",
        412,
        "Version mismatch",
        "The task changed since its ETag was read. Read it again.",
    )
    TOO_LARGE = ("body-too-large", 413, "Body too large", "A body may have 64 KiB at most.")
    MEDIA_TYPE = (
        "unsupported-media-type",
        415,
        "Unsupported media type",
        "Send Content-Type: application/json.",
    )
    INVALID = ("invalid-input", 422, "Invalid input", "A value breaks a rule; `errors` names each one.")
    KEY_REUSED = (
        "key-reused",
        422,
        "Idempotency-Key reused",
        "This Idempotency-Key was sent before, with another body.",
    )
    INTERNAL = (
        "internal-error",
        500,
        "Internal error",
        "A fault of the api; its log has more under the request id.",
    )
    DATABASE = (
        "database-unavailable",
        503,
        "Database unavailable",
        "PostgreSQL did not answer, or did not do what was asked; `code` says why.",
    )
    SCHEMA = (
        "schema-mismatch",
        503,
        "Schema mismatch",
        "The database's schema is not the one this api knows.",
    )
    DRAINING = ("draining", 503, "Shutting down", "This replica is about to stop; another one answers.")

    def __init__(self, slug: str, status: int, title: str, meaning: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title
        self.meaning = meaning

    @property
    def type(self) -> str:
        """The URI reference of this kind; a GET of it explains the kind."""
        return f"/api/problems/{self.slug}"


class InvalidValue(BaseModel):
    """One broken rule: which, and where (a JSON pointer into the body, or the name of a parameter)."""

    detail: str
    pointer: str | None = Field(default=None, examples=["#/title"])
    parameter: str | None = Field(default=None, examples=["limit"])


class Problem(BaseModel):
    """The body of every error."""

    type: str = Field(examples=[Kind.NOT_FOUND.type])
    title: str = Field(examples=[Kind.NOT_FOUND.title])
    status: int = Field(examples=[Kind.NOT_FOUND.status])
    detail: str = Field(examples=["There is no task 7."])
    instance: str = Field(examples=["/api/tasks/7"])
    request_id: str = Field(examples=["6f1c0a52"])
    code: Code | None = Field(
        default=None, description="Why the database is unavailable, for programs.", examples=[Code.REFUSED]
    )
    maybe_done: bool | None = Field(
        default=None, description="True where a change may have been made all the same."
    )
    errors: list[InvalidValue] | None = Field(
        default=None, description="Every broken rule, for invalid-input."
    )


class ProblemError(Exception):
    """Raised in a route, or below it, to answer with a problem."""

    def __init__(
        self, kind: Kind, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail or kind.meaning)
        self.kind = kind
        self.headers = headers
        self.members = members


def render(problem: ProblemError, *, instance: str, request_id: str) -> Response:
    """Build the response of a problem."""
    document = {
        "type": problem.kind.type,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": str(problem),
        "instance": instance,
        "request_id": request_id,
        **problem.members,
    }
    # A client can send half of a surrogate pair, which UTF-8 cannot encode.
    content = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, problem.kind.status, problem.headers, MEDIA_TYPE)
