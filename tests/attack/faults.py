"""Faults of AWS, of credentials and of the sidecar's surroundings: what callers see, and for how long.

`cd tests && ../.venv/bin/python -m attack.faults`
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attack.fault_cases import CASES, Case
from attack.stage import Measured

BEGIN, END = "<!-- written by attack.faults -->", "<!-- end -->"
HEADINGS = ("fault", "code of a call", "the call ends after", "calls succeed again after", "another listener")
DEADLINE_SECONDS = 10.0
MOST_SECONDS_OF_ANOTHER = 0.5
MOST_SECONDS_TO_RECOVER = 5.0
_WRONG_CODES = {"INTERNAL", "UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Row:
    case: Case
    measured: Measured

    @property
    def cells(self) -> list[str]:
        measured = self.measured
        return [
            self.case.name,
            ", ".join(f"`{code}`" for code in sorted(measured.codes)),
            _seconds(measured.seconds),
            _seconds(measured.seconds_to_recover),
            _seconds(measured.seconds_of_another),
        ]

    @property
    def troubles(self) -> list[str]:
        """The goals that are missed."""
        measured, troubles = self.measured, []
        if wrong := _WRONG_CODES & (measured.codes | measured.codes_of_others):
            troubles.append(f"code {', '.join(wrong)}")
        if measured.seconds_to_recover > MOST_SECONDS_TO_RECOVER:
            troubles.append("calls did not succeed again in time")
        if measured.seconds_of_another is not None and measured.seconds_of_another > MOST_SECONDS_OF_ANOTHER:
            troubles.append("another listener was served too late")
        if measured.seconds_of_another is not None and measured.codes_of_others != {"OK"}:
            troubles.append(f"calls for another listener: {', '.join(sorted(measured.codes_of_others))}")
        return troubles


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s"


def write(page: Path, rows: Sequence[Row], cases: Sequence[Case] = CASES) -> None:
    """Replaces the rows in the table between the marks of the page. It keeps the rows of the other cases."""
    before, _, rest = page.read_text().partition(BEGIN)
    old, _, after = rest.partition(END)
    lines = {_first_cell(line): line for line in old.strip().splitlines()}
    lines |= {row.case.name: _line(row.cells) for row in rows}
    table = [_line(HEADINGS), _line(["---"] * len(HEADINGS))]
    table += [lines[case.name] for case in cases if case.name in lines]
    page.write_text("\n".join([before + BEGIN, *table, END + after]))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _first_cell(line: str) -> str:
    return line.split("|")[1].strip()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="attack.faults", description=__doc__)
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="replace the measured rows in the table of a page"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults whose names contain it")
    parser.add_argument(
        "--short", action="store_true", help="only one fault of each kind, with short deadlines"
    )
    options = parser.parse_args(arguments)
    if options.write and options.short:
        parser.error("--write needs the long deadlines")
    deadline = DEADLINE_SECONDS / 3 if options.short else DEADLINE_SECONDS
    cases = [
        case for case in CASES if options.only in case.name and (case.in_short_pass or not options.short)
    ]
    rows = []
    for case in cases:
        row = Row(case, case.measured(deadline))
        print(" | ".join([*row.cells, *row.troubles]), flush=True)
        rows.append(row)
        if options.write:
            write(options.write, [row])
    return 1 if any(row.troubles for row in rows) or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
