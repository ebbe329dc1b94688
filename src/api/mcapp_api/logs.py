"""Log lines: one JSON object each, on standard output."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

# Made once: json.dumps makes a new one for each call that asks for something unusual.
_ENCODE = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class JsonFormatter(logging.Formatter):
    """Write time (RFC 3339, UTC, ms), level, message, pod, the record's `fields`, any traceback."""

    def __init__(self, pod: str) -> None:
        super().__init__()
        self._pod = pod
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

    def _clock(self, second: int) -> str:
        if self._second[0] != second:
            self._second = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
        return self._second[1]


def set_up(level: str, pod: str) -> None:
    """Send every logger's records, uvicorn's included, through one JSON handler."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(pod))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # No line says from where in the source it comes, by which thread and process: do not look it up.
    # https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # The pool repeats what the database watcher already says once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
