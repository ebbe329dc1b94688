"""The figures of one measurement."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import NamedTuple

from .generator import Latency
from .replicas import Scaled

# The contenders of the ratios.
API, LONG, NGINX = "this api", "this api, every request through FastAPI", "this api, through nginx"


class Sample(NamedTuple):
    """One run: reads per second, CPU time of each (µs), busy shares of the measured and of the other core."""

    rate: float
    cpu_us: float
    measured: float
    others: float


class Cost(NamedTuple):
    """What one request costs: µs of CPU of the api, those of it in the kernel, and PostgreSQL's.

    `rate` is the number of requests per second at which it was measured.
    """

    rate: float
    api_us: float
    kernel_us: float
    postgres_us: float


class Aim(NamedTuple):
    """A ratio of two contenders, and its lower limit."""

    one: str
    other: str
    least: float | None


AIMS = (
    Aim(API, "pgbench", None),
    Aim(API, "bare psycopg loop", 0.45),
    Aim(API, "FastAPI + asyncpg", 0.80),
    Aim(API, "the usual style", 3.0),
    Aim(NGINX, API, 0.80),
    Aim(API, LONG, None),
)


@dataclass
class Figures:
    """All results. Samples and latencies: by read, then by contender, one for each round."""

    rounds: int
    seconds: float
    idle: list[float]
    ceiling: float = 0.0
    what: dict[str, str] = field(default_factory=dict)
    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    paced: dict[str, float] = field(default_factory=dict)
    latencies: dict[str, dict[str, list[Latency]]] = field(default_factory=dict)
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    scaled: dict[int, list[Scaled]] = field(default_factory=dict)
    profiles: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    costs: dict[str, list[Cost]] = field(default_factory=dict)

    def rates(self, read: str, contender: str) -> list[float]:
        """Return the reads per second of each round."""
        return [sample.rate for sample in self.samples[read][contender]]

    def ratios(self, read: str, aim: Aim) -> list[float]:
        """Return the ratio of two contenders in each round."""
        return [
            one / other
            for one, other in zip(self.rates(read, aim.one), self.rates(read, aim.other), strict=True)
        ]

    def cpu_ratios(self, read: str, aim: Aim) -> list[float]:
        """Return the ratio of two contenders in each round, by the CPU time of their reads."""
        samples = self.samples[read]
        return [
            other.cpu_us / one.cpu_us for one, other in zip(samples[aim.one], samples[aim.other], strict=True)
        ]

    def cpu_us(self, read: str, contender: str) -> float:
        """Return the contender's CPU time for a read, in microseconds."""
        return statistics.median(sample.cpu_us for sample in self.samples[read][contender])

    def cost(self, what: str) -> Cost:
        """Return the medians of what a request costs."""
        return Cost(*map(statistics.median, zip(*self.costs[what], strict=True)))
