"""The routes, one module for each resource, in the order of the OpenAPI document."""

from __future__ import annotations

from . import health, problems, tasks, topology

ROUTERS = (tasks.router, topology.router, problems.router, health.router)
