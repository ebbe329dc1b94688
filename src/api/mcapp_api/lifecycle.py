"""Whether this replica is on its way out."""

from dataclasses import dataclass


@dataclass
class Lifecycle:
    """Set by the server's signal handler, read by every answer."""

    draining: bool = False
