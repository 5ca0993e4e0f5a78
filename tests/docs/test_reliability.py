"""The table of docs/reliability.md is the one that attack.faults writes, and its limits are the commands'."""

import re
from pathlib import Path

import pytest

from attack import calls, faults, memory, messages, signals
from attack.fault_cases import CASES, Case
from attack.faults import BEGIN, END, HEADINGS, Row
from attack.stage import Measured
from elbv2_trafficrouter.errors import Kind
from mutants.mutation import read_mutations
from support.docs.pages import ROOT, page

RELIABILITY = page("reliability.md")
ROWS = list(RELIABILITY.rows(HEADINGS[0]))
SECONDS = r"\d+\.\d\d s"


def commands() -> dict[str, str]:
    """What the page says about each command."""
    return {name.strip("`"): " ".join(cells) for name, *cells in RELIABILITY.rows("command")}


def test_the_rows_are_the_command_s_faults_in_their_order() -> None:
    assert [name for name, *_ in ROWS] == [case.name for case in CASES]


def test_the_cells_are_what_the_command_writes() -> None:
    assert ROWS
    for row in ROWS:
        assert len(row) == len(HEADINGS)
        _, codes, ends_after, again_after, another = row
        assert set(re.findall(r"`(\w+)`", codes)) <= {"OK", *Kind.__members__} - {"INTERNAL"}
        assert re.fullmatch(SECONDS, ends_after)
        assert re.fullmatch(SECONDS, again_after)
        assert re.fullmatch(rf"{SECONDS}|-", another)


def test_every_figure_of_the_table_meets_its_goal() -> None:
    for _, _, _, again_after, another in ROWS:
        assert float(again_after.split()[0]) <= faults.MOST_SECONDS_TO_RECOVER
        assert another == "-" or float(another.split()[0]) <= faults.MOST_SECONDS_OF_ANOTHER


@pytest.mark.parametrize("heading", HEADINGS[1:])
def test_every_column_is_explained(heading: str) -> None:
    assert heading in [column for column, _ in RELIABILITY.rows("column")]


def test_every_command_has_a_row_and_is_run_by_make_attack() -> None:
    files = (ROOT / "tests" / "attack").glob("*.py")
    runnable = {f"attack.{file.stem}" for file in files if "__main__" in file.read_text()}
    assert set(commands()) == runnable
    makefile = (ROOT / "Makefile").read_text()
    for target in ("attack", "attack-long"):
        (recipe,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert set(re.findall(r"-m (attack\.\w+)", recipe)) == runnable


@pytest.mark.parametrize(
    ("command", "limits"),
    [
        ("attack.messages", [f"{messages.COUNT:,} mutated requests"]),
        (
            "attack.calls",
            [
                f"{calls.COUNT:,} calls",
                f"more than {calls.MOST_MEBIBYTES_OF_GROWTH} MiB",
                f"first {calls.WARM_UP:,} calls",
            ],
        ),
        (
            "attack.memory",
            [f"more than {memory.MOST_MEBIBYTES} MiB", f"more than {memory.MOST_SECONDS} seconds"],
        ),
        ("attack.signals", [f"{signals.STARTS} starts"]),
        (
            "attack.faults",
            [
                f"more than {faults.MOST_SECONDS_TO_RECOVER:.0f} seconds after",
                f"more than {faults.MOST_SECONDS_OF_ANOTHER} seconds",
            ],
        ),
    ],
)
def test_the_limits_are_the_commands_own(command: str, limits: list[str]) -> None:
    for limit in limits:
        assert limit in commands()[command]


def case(name: str) -> Case:
    return Case(name, lambda *_: Measured(set(), 0, 0))


def test_the_command_replaces_only_the_rows_that_it_measured(tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    cases = [case("first"), case("second")]
    second = Measured({"UNAVAILABLE", "ABORTED"}, 3.004, 0.5, None)
    faults.write(copy, [Row(cases[0], Measured({"OK"}, 1, 1)), Row(cases[1], second)], cases)
    faults.write(copy, [Row(cases[0], Measured({"OK"}, 1, 2, 0.25))], cases)
    assert copy.read_text().splitlines() == [
        "before",
        BEGIN,
        f"| {' | '.join(HEADINGS)} |",
        "| --- | --- | --- | --- | --- |",
        "| first | `OK` | 1.00 s | 2.00 s | 0.25 s |",
        "| second | `ABORTED`, `UNAVAILABLE` | 3.00 s | 0.50 s | - |",
        END,
        "after",
    ]


@pytest.mark.parametrize(
    ("measured", "trouble"),
    [
        (Measured({"INTERNAL"}, 1, 1), "code INTERNAL"),
        (Measured({"OK"}, 1, 1, 0.1, frozenset({"OK", "UNKNOWN"})), "code UNKNOWN"),
        (Measured({"OK"}, 1, 1, 0.1, frozenset({"UNAVAILABLE"})), "calls for another listener: UNAVAILABLE"),
        (Measured({"OK"}, 1, 6), "calls did not succeed again in time"),
        (Measured({"OK"}, 1, 1, 0.6, frozenset({"OK"})), "another listener was served too late"),
    ],
)
def test_a_missed_goal_is_a_trouble(measured: Measured, trouble: str) -> None:
    assert trouble in Row(case("a fault"), measured).troubles


def test_met_goals_are_no_trouble() -> None:
    measured = Measured({"UNAVAILABLE"}, 9, 1, 0.1, frozenset({"OK"}))
    assert Row(case("a fault"), measured).troubles == []


def test_the_number_of_mutations_is_that_of_the_lists() -> None:
    assert f"each of {len(read_mutations(ROOT / 'tests' / 'mutants'))} ways" in RELIABILITY.text
