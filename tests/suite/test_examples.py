"""`make properties` runs every property test, with more examples and with other ones in each run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
TRIES_EXAMPLES = re.compile(r"^ *@given\(|^ *run_state_machine_as_test\(", re.MULTILINE)
LIMITS_EXAMPLES = re.compile(r"max_examples=(.*?)[,)\n]")


def sources() -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for path in sorted(TESTS.rglob("*.py"))
        if path != Path(__file__)
    }


def test_every_file_with_a_property_has_tests_that_are_selected() -> None:
    written = {name for name, source in sources().items() if TRIES_EXAMPLES.search(source)}
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "hypothesis", *sorted(written)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    ).stdout
    selected = {line.partition("::")[0] for line in listed.splitlines() if "::" in line}
    assert written == selected


def test_a_property_that_sets_its_number_of_examples_lets_it_be_raised() -> None:
    """Only the twins do not: they try the same examples in every run, on purpose."""
    fixed = [
        (name, number)
        for name, source in sources().items()
        for number in LIMITS_EXAMPLES.findall(source)
        if not number.startswith("examples(")
    ]
    assert fixed == [("tests/unit/routing/headers/test_routes_property.py", "200")]


@pytest.mark.parametrize(("factor", "number"), [(None, 100), ("7", 700)])
def test_properties_try_as_many_examples_as_they_should(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, factor: str | None, number: int
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    if factor is not None:
        monkeypatch.setenv("EXAMPLES_FACTOR", factor)
    pytester.makeconftest((TESTS / "conftest.py").read_text())
    pytester.makeini("[pytest]\nmarkers = undocumented")
    pytester.makepyfile("""
        from hypothesis import given, strategies

        tried = []

        @given(strategies.integers())
        def test_a_property(number):
            tried.append(number)

        def test_what_was_tried():
            print("tried", len(tried))
    """)
    result = pytester.runpytest_subprocess("-s", "--timeout", "60")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"*tried {number}"])


def test_properties_try_other_examples_in_every_run_in_ci_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.setenv("EXAMPLES_FACTOR", "2")
    monkeypatch.setenv("CI", "true")
    pytester.makeconftest((TESTS / "conftest.py").read_text())
    pytester.makeini("[pytest]\nmarkers = undocumented")
    pytester.makepyfile("""
        from hypothesis import given, settings, strategies

        @settings(database=None)
        @given(strategies.integers())
        def test_a_property(number):
            print("tried", number)
    """)
    runs = [pytester.runpytest_subprocess("-s", "--timeout", "60") for _ in range(2)]
    first, second = ([line for line in run.outlines if "tried" in line] for run in runs)
    assert first != second
