"""How figures are shown, and where they are written."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.report.chart import Line, chart
from bench.report.figure import Figure, percentile, table
from bench.report.page import write_between


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        (Figure("calls", 0, most=0), ("≤ 0", "0", "met")),
        (Figure("calls", 1_972, most=0), ("≤ 0", "1,972", "missed")),
        (Figure("time", 1.996, "s", most=2), ("≤ 2 s", "2.00 s", "met")),
        (Figure("time", 2.004, "s", most=2), ("≤ 2 s", "2.00 s", "missed")),
        (Figure("time", float("inf"), "s", most=2), ("≤ 2 s", "never", "missed")),
        (Figure("memory", 71.59, "MiB"), ("", "71.59 MiB", "")),
    ],
)
def test_a_figure_is_shown_beside_its_goal(figure: Figure, shown: tuple[str, ...]) -> None:
    assert (figure.goal, figure.measured, figure.verdict) == shown


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_not_exceeded_by_so_many_percent(percent: int, value: float) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_a_table_is_one_of_markdown() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_only_the_place_of_the_same_name_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- measured: a -->\nold\n<!-- end -->\n<!-- measured: b -->\nkept\n<!-- end -->\n")
    write_between("a", r"new \1", page)
    assert page.read_text() == (
        "<!-- measured: a -->\nnew \\1\n<!-- end -->\n<!-- measured: b -->\nkept\n<!-- end -->\n"
    )


def test_a_name_without_a_place_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no markers")
    with pytest.raises(ValueError, match="has 0 places for 'a'"):
        write_between("a", "new", page)


@pytest.mark.parametrize("is_log", [False, True])
def test_a_chart_has_its_lines_within_its_frame(*, is_log: bool) -> None:
    points = [(10.0, 70.5), (100.0, 71.0), (1000.0, 99.9)]
    root = ET.fromstring(chart("a & b", "x", "y", Line("<line>", points), is_log=is_log))  # noqa: S314  our own
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a & b", "<line>", "x", "y"} <= set(texts)
    (drawn,) = (path for path in _paths(root) if path.count("L") == len(points) - 1)
    for point in drawn.removeprefix("M").split("L"):
        across, height = map(float, point.split())
        assert 0 <= across <= 720
        assert 0 <= height <= 360


def _paths(root: ET.Element) -> list[str]:
    return [element.attrib["d"] for element in root.iter("{http://www.w3.org/2000/svg}path")]
