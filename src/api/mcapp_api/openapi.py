"""The OpenAPI document, with every error response in it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .problems import MEDIA_TYPE, Kind, Problem

_REF = {"$ref": "#/components/schemas/Problem"}


def problems(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can end in these kinds of problem, with an example of each."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        response = responses.setdefault(
            kind.status, {"description": "", "content": {MEDIA_TYPE: {"schema": _REF, "examples": {}}}}
        )
        response["description"] = f"{response['description']} {kind.title}.".strip()
        response["content"][MEDIA_TYPE]["examples"][kind.slug] = {
            "value": {
                "type": kind.type,
                "title": kind.title,
                "status": kind.status,
                "detail": kind.meaning,
                "instance": "/api/tasks",
                "request_id": "6f1c0a52",
            }
        }
        if kind is Kind.DATABASE:
            response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return responses


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, with the schema of a problem in it."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        template = "#/components/schemas/{model}"
        problem = Problem.model_json_schema(ref_template=template)
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(problem.pop("$defs"), Problem=problem)
        for path in schema["paths"].values():
            for operation in path.values():
                _correct(operation)
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        app.openapi_schema = schema
    return app.openapi_schema


def _correct(operation: dict[str, Any]) -> None:
    """Remove what FastAPI writes into every operation although this api does not do it."""
    # FastAPI documents a 422 for every operation with a parameter, even one that is never invalid.
    if "application/json" in operation["responses"].get("422", {}).get("content", {}):
        del operation["responses"]["422"]
    # An optional header or query parameter is absent, never null.
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        (kind,) = [one for one in schema.pop("anyOf", [{}]) if one != {"type": "null"}]
        schema.update(kind)
