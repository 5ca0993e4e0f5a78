"""A measured figure beside its goal."""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`most`: the goal, the largest value that is good enough; None if there is none.

    `beside`: what the figure consists of, for the reader who wants to check it. `points`: for a chart.
    """

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    beside: str = ""
    points: Sequence[tuple[float, float]] = ()

    @property
    def is_met(self) -> bool:
        return self.most is None or self.value <= self.most

    @property
    def goal(self) -> str:
        return "" if self.most is None else f"≤ {_with_unit(self.most, self.unit)}"

    @property
    def verdict(self) -> str:
        return "" if self.most is None else "met" if self.is_met else "missed"

    @property
    def measured(self) -> str:
        return _with_unit(self.value, self.unit)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = (headings, ["---"] * len(headings), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least so many percent of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def load() -> str:
    """How busy this machine is, which every duration depends on."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def _with_unit(value: float, unit: str) -> str:
    if math.isinf(value):
        return "never"
    return f"{_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.2f}"
