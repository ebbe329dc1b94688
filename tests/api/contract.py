"""Checks every answer that a test receives by the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

# No answer takes longer, whatever has happened to the database.
ANSWER_SECONDS = 3.0
# Any address may give these, documented or not.
_EVERYWHERE = {404, 405}


class Contract:
    """An httpx response hook; raises AssertionError where an answer is not as documented."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        # A literal path comes before one with a parameter, such as `/api/tasks/{task_id}`.
        self._paths = sorted(document["paths"], key=lambda path: path.count("{"))

    def check(self, response: httpx.Response) -> None:
        """Check status, media type and body of one answer."""
        request = response.request
        operation = self._operation(request.method, request.url.path)
        documented = operation.get("responses", {}).get(str(response.status_code))
        if documented is None:
            assert response.status_code in _EVERYWHERE, (
                f"{request.method} {request.url}: {response.status_code}"
            )
            return
        content = documented.get("content", {})
        response.read()
        if not content:
            assert not response.content
            return
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{request.method} {request.url}: {media_type}"
        if "json" in media_type:
            self._validate(content[media_type]["schema"], response.json())

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for template in self._paths:
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                operations: dict[str, Any] = self._document["paths"][template]
                return dict(operations.get(method.lower(), {}))
        return {}

    def _validate(self, schema: dict[str, Any], value: object) -> None:
        Draft202012Validator({**schema, "components": self._document["components"]}).validate(value)
