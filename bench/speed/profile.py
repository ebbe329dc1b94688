"""The CPU time of a request by part: py-spy's samples of a busy api."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

_REST = "the event loop: waiting for sockets, reading, writing"
# The innermost frame in one of these files decides the part; calls into other files count as its own.
_PARTS = (
    ("mcapp_api/logs.py", "the log line"),
    ("/logging/", "the log line"),
    ("mcapp_api/metrics.py", "metrics"),
    ("/prometheus_client/", "metrics"),
    ("mcapp_api/database/gate.py", "the queue before the pool"),
    ("mcapp_api/database/patience.py", "limits of time"),
    ("mcapp_api/middleware/edge.py", "request id, limit of the body, headers"),
    ("mcapp_api/protocol.py", "uvicorn: HTTP"),
    ("mcapp_api/__main__.py", _REST),
    ("mcapp_api/", "the routes, and their call of the database"),
    ("/psycopg_pool/", "the pool"),
    ("/psycopg/", "psycopg"),
    ("/fastapi/", "FastAPI"),
    ("/pydantic", "FastAPI"),
    ("/starlette/", "Starlette"),
    ("/uvicorn/protocols/", "uvicorn: HTTP"),
)
HERTZ = 250


def profile(pid: int, seconds: float) -> dict[str, float]:
    """Return each part's share of the busy time of the process, the largest first."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        subprocess.run(
            [
                *(Path(sys.executable).parent / "py-spy", "record", f"--pid={pid}", f"--rate={HERTZ}"),
                *("--format=raw", f"--duration={seconds:.0f}", f"--output={raw}", "--full-filenames"),
            ],
            check=True,
            capture_output=True,
        )
        samples: Counter[str] = Counter()
        for line in raw.read_text(encoding="utf-8").splitlines():
            stack, _, count = line.rpartition(" ")
            # The other threads only wait.
            if "/threading.py" not in stack:
                samples[_part(stack)] += int(count)
    return {part: count / samples.total() for part, count in samples.most_common()}


def _part(stack: str) -> str:
    for frame in reversed(stack.split(";")):
        for fragment, part in _PARTS:
            if fragment in frame:
                return part
    return _REST
