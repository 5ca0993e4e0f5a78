"""Measures the router against its goals: `cd tests && ../.venv/bin/python -m bench.performance`.

Without a flag only what takes seconds. With --long everything, which also compares the sidecar with one that
lacks its protections and writes the figures into docs/performance.md. Names of parts select these alone.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from bench.figures import (
    abort_among_rises,
    abort_among_rollouts,
    abort_loop,
    abort_storm,
    changes,
    memory,
    neighbours,
    one_change,
    promotion,
    resync,
    start,
)
from bench.fleet.limits import ALL
from bench.fleet.router import SHIPPED
from bench.report.chart import Line, chart
from bench.report.figure import Figure, load, table
from bench.report.page import write_between, write_picture

UNPROTECTED = "support.router.unprotected"
"""The module that starts the sidecar without its protections."""
_UNLIMITED = "support.router.large_account"
"""The module that starts the sidecar so that it never waits for AWS's limits."""

Measure = Callable[[str], Iterable[Figure]]


@dataclass(frozen=True, slots=True)
class Part:
    """`fast`: for every day; None if it takes minutes or a cluster. `is_compared`: also unprotected."""

    long: Measure
    fast: Measure | None = None
    is_compared: bool = False


PARTS: Mapping[str, Part] = {
    "storms": Part(abort_storm.figures, abort_storm.figures, is_compared=True),
    "resync": Part(resync.figures, resync.figures, is_compared=True),
    "abort-among-rises": Part(abort_among_rises.figures, abort_among_rises.figures, is_compared=True),
    "one-change": Part(
        lambda _: one_change.figures(_UNLIMITED), lambda _: one_change.figures(_UNLIMITED, times=100)
    ),
    "neighbours": Part(
        lambda _: neighbours.figures(_UNLIMITED), lambda _: neighbours.figures(_UNLIMITED, changes=10)
    ),
    "start": Part(start.figures, start.figures),
    "memory": Part(lambda _: memory.figures(), lambda _: memory.figures(memory.NUMBERS[:2])),
    "changes": Part(changes.figures, is_compared=True),
    "abort-loop": Part(abort_loop.figures, is_compared=True),
    "abort-among-rollouts": Part(abort_among_rollouts.figures, is_compared=True),
    "promotion": Part(promotion.figures),
}


def main() -> int:
    signal.signal(signal.SIGTERM, _end)
    parser = argparse.ArgumentParser(prog="bench.performance", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--long", action="store_true", help="measure everything, and write the figures")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: the parts are {', '.join(PARTS)}")
    chosen = {name: part for name, part in PARTS.items() if name in (options.parts or PARTS)}
    for name, part in chosen.items():
        if options.long:
            measure(name, part)
        elif part.fast is not None:
            print(f"\n{_table(list(part.fast(SHIPPED)))}\n\nLoad: {load()}", flush=True)
    return 0


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """Ends so that every program that was started is ended, too."""
    sys.exit(128 + number)


def measure(name: str, part: Part) -> None:
    """Prints a part's figures and writes them into the page."""
    before = load()
    figures = list(part.long(SHIPPED))
    unprotected = list(part.long(UNPROTECTED)) if part.is_compared else []
    measured = f"{_table(figures, unprotected)}\n\nLoad of the machine: {before} before, {load()} after."
    print(f"\n{measured}", flush=True)
    write_between(name, measured)
    if name == "storms":
        write_picture("abort-storm.svg", _storm_picture(figures, unprotected))
    if name == "memory":
        write_picture("memory.svg", _memory_picture(figures))


def _table(figures: Sequence[Figure], unprotected: Sequence[Figure] = ()) -> str:
    headings = ["figure", "goal", "measured", "", "which is"]
    rows = [[each.what, each.goal, each.measured, each.verdict, each.beside] for each in figures]
    if unprotected:
        headings.append("without the protections")
        for row, other in zip(rows, unprotected, strict=True):
            row.append(other.measured + (f" ({other.beside})" if other.beside else ""))
    return table(headings, rows)


def _storm_picture(figures: Sequence[Figure], unprotected: Sequence[Figure]) -> str:
    seconds = figures[0].points
    limit = [(second, ALL.per_second) for second, _ in seconds]
    lines = [
        Line("with the protections", seconds),
        Line("AWS's limit", limit, is_dashed=True),
    ]
    if unprotected:
        lines.insert(1, Line("without them", unprotected[0].points))
    what = f"{abort_storm.ROLLOUTS} Rollouts are aborted at once: calls to AWS"
    return chart(what, "seconds since the abort", "calls/s", *lines)


def _memory_picture(figures: Sequence[Figure]) -> str:
    names = ("before", "with them", "an hour after they were deleted")
    columns = zip(*(figure.points for figure in figures), strict=True)
    lines = [Line(name, points) for name, points in zip(names, columns, strict=True)]
    return chart("Resident memory of the sidecar", "Rollouts", "MiB", *lines, is_log=True)


if __name__ == "__main__":
    sys.exit(main())
