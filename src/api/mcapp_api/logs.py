"""The log: one JSON object a line, on standard output."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from functools import lru_cache
from typing import Any, TextIO

# Made once: json.dumps makes a new encoder for each call with options.
_ENCODE = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

_requests = logging.getLogger("mcapp_api.request")


class JsonFormatter(logging.Formatter):
    """Write time (RFC 3339, UTC, ms), level, message, pod, the record's `fields`, any traceback."""

    def __init__(self, pod: str) -> None:
        super().__init__()
        self._pod = pod
        self._quoted_pod = _ENCODE(pod)
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "time": f"{self._clock(int(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "pod": self._pod,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _ENCODE(line)

    def format_request(self, level: int, request_id: str, about: str, ms: float) -> str:
        """Return the line of a request; `about` is what `describe` returned."""
        now = time.time()
        second = int(now)
        return (
            f'{{"time":"{self._clock(second)}.{int((now - second) * 1000):03d}Z",'
            f'"level":"{logging.getLevelName(level).lower()}","message":"request","pod":{self._quoted_pod},'
            f'"request_id":"{request_id}",{about},"ms":{ms:.2f}}}'
        )

    def _clock(self, second: int) -> str:
        if self._second[0] != second:
            self._second = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
        return self._second[1]


class JsonHandler(logging.StreamHandler[TextIO]):
    """The handler of every line; `request` is a shorter way for the line of a request.

    logging makes a record, searches for handlers and takes locks: five times the work of the line itself.
    The lines of requests that end in the same turn of the event loop are written together.
    """

    def __init__(self, formatter: JsonFormatter) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(formatter)
        self._json = formatter
        self._lines: list[str] = []

    def request(self, level: int, request_id: str, about: str, ms: float) -> None:
        """Write the line of a request, at the end of this turn of the running event loop."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        self._lines.append(self._json.format_request(level, request_id, about, ms))

    def emit(self, record: logging.LogRecord) -> None:
        """Write any other line, after those of requests that ended before it."""
        self._write()
        super().emit(record)

    def _write(self) -> None:
        if not self._lines:
            return
        text = "\n".join([*self._lines, ""])
        self._lines.clear()
        try:
            self.stream.write(text)
            self.flush()
        except OSError:
            # As in logging: the api goes on although nobody reads its log.
            pass


_handler: JsonHandler | None = None


def request(
    *, level: int, request_id: str, method: str, route: str | None, status: int, seconds: float
) -> None:
    """Write the line of one request, if lines of this level are written.

    `request_id` contains no character that JSON escapes.
    """
    if _handler and _requests.isEnabledFor(level):
        _handler.request(level, request_id, _describe(method, route, status), seconds * 1000)


@lru_cache(1024)
def _describe(method: str, route: str | None, status: int) -> str:
    """Return the members of a line that many requests share, without braces."""
    return _ENCODE({"method": method, "route": route or "unmatched", "status": status})[1:-1]


def set_up(level: str, pod: str) -> None:
    """Send every logger's records, uvicorn's included, through one JSON handler."""
    global _handler
    _handler = JsonHandler(JsonFormatter(pod))
    logging.basicConfig(level=level, handlers=[_handler], force=True)
    # No line contains its place in the source, its thread or its process: do not look these up.
    # https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # The pool repeats what the database's watcher logs once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
