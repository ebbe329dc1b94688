"""Whether this replica is about to stop."""

from dataclasses import dataclass


@dataclass
class Lifecycle:
    """The server's signal handler sets `draining`; every answer reads it."""

    draining: bool = False
