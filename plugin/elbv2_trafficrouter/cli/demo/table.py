"""One line per step: a live table on a terminal that is wide enough, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from elbv2_trafficrouter.cli.demo.step import Groups, Step

_GAP = "  "


class Lines(Protocol):
    """Where steps are shown."""

    def add(self, step: Step) -> None:
        """Adds a step whose requests are about to be sent."""

    def complete(self, step: Step) -> None:
        """Shows the step's final counts: all of its requests have ended."""


@contextmanager
def lines(groups: Groups) -> Iterator[Lines]:
    console, columns = Console(), _columns(groups)
    width = sum(width for _, width in columns) + len(_GAP) * (len(columns) - 1)
    # A table that does not fit loses its last columns, which show whether the step succeeded.
    if not (sys.stdout.isatty() and console.is_interactive and console.width >= width):
        yield _PlainLines(groups)
        return
    table = LiveTable(groups)
    with Live(console=console, get_renderable=table.draw):
        yield table


class LiveTable:
    """A table that is redrawn a few times a second, with the counts of the current step."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._steps: list[Step] = []

    def add(self, step: Step) -> None:
        self._steps.append(step)

    def complete(self, step: Step) -> None: ...

    def draw(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for title, width in _columns(self._groups):
            # Without no_wrap: a group with answers from two versions gets two lines, and no column is lost.
            table.add_column(title, justify="right", min_width=width)
        for step in tuple(self._steps):
            succeeded = step.reconciled.verified and not step.tally.failures
            table.add_row(*_cells(self._groups, step), style="green" if succeeded else "red")
        return table


class _PlainLines:
    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._columns = _columns(groups)
        _print([title for title, _ in self._columns], self._columns)

    def add(self, step: Step) -> None: ...

    def complete(self, step: Step) -> None:
        _print(_cells(self._groups, step), self._columns)


def _print(cells: list[str], columns: list[tuple[str, int]]) -> None:
    line = _GAP.join(cell.rjust(width) for cell, (_, width) in zip(cells, columns, strict=True))
    print(line, flush=True)


def _columns(groups: Groups) -> list[tuple[str, int]]:
    return [
        ("", 8),
        ("asked", 5),
        ("rule", 5),
        (groups.stable, 18),
        (groups.canary, 18),
        ("failed", 6),
        ("verified", 8),
    ]


def _cells(groups: Groups, step: Step) -> list[str]:
    return [
        step.name,
        f"{step.asked}%",
        ":".join(str(step.weights.get(group, "-")) for group in (groups.stable, groups.canary)),
        _counts(step, groups.stable),
        _counts(step, groups.canary),
        str(step.tally.failures.total()),
        "yes" if step.reconciled.verified else "no",
    ]


def _counts(step: Step, group: str) -> str:
    """The group's answers by version, with their share of the requests: `1.0.0  1807  90.35%`."""
    requests = max(step.tally.requests, 1)
    counts = step.tally.by_group(group) or {"": 0}
    return " ".join(f"{version} {count:4} {count / requests:7.2%}" for version, count in counts.items())
