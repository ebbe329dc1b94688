"""The two measured reads: the api's SQL, and the paths that run it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from mcapp_api import store
from mcapp_api.routes.tasks import USUAL_PAGE

TASKS = 10_000
# The api reads one more than requested, to know whether there is a next page.
PAGE_ROWS = USUAL_PAGE + 1
_PATHS = 1000


@dataclass(frozen=True)
class Read:
    """A read: `sql` with psycopg's placeholders; `parameters` with the same value each time."""

    name: str
    title: str
    sql: str
    parameters: dict[str, int]

    def values(self, task_id: int) -> dict[str, int]:
        """Return a value for each placeholder."""
        return self.parameters or {"id": task_id}

    def placeholders(self, form: str) -> str:
        """Return the SQL with each placeholder as `form`, where {n} is its number and {name} its name."""
        names = list(self.parameters) or ["id"]
        return re.sub(
            r"%\((\w+)\)s", lambda match: form.format(n=names.index(match[1]) + 1, name=match[1]), self.sql
        )

    def paths(self) -> list[str]:
        """Return the paths to request in turn."""
        if self.parameters:
            return ["/api/tasks"]
        # The same paths in every run.
        chosen = random.Random(0)  # noqa: S311
        return [f"/api/tasks/{chosen.randint(1, TASKS)}" for _ in range(_PATHS)]


ONE = Read("one", "read one task", store.GET, {})
LIST = Read("list", f"list {USUAL_PAGE} tasks", store.LIST, {"before": store.BIGGEST_ID, "limit": PAGE_ROWS})
READS = {read.name: read for read in (ONE, LIST)}
