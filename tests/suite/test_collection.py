"""No test is left out by accident: every file is collected, and tests/conftest.py guards every test."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
TESTS, E2E = ROOT / "tests", ROOT / "tests" / "e2e"
GUARD = "_only_what_is_documented"

# Prints each file of which tests are collected, and whether the guard holds for all of them.
LIST_FILES = f"""
def pytest_collection_finish(session):
    for path in sorted({{item.path for item in session.items}}):
        guarded = all({GUARD!r} in item.fixturenames for item in session.items if item.path == path)
        print("collected", path, guarded)
"""


def collected(directory: Path, *arguments: str) -> dict[Path, bool]:
    """The files that pytest collects with the project's configuration, and whether the guard holds there."""
    (directory / "list_files.py").write_text(LIST_FILES)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "list_files", *arguments],
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(directory)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    lines = [line.split() for line in run.stdout.splitlines() if line.startswith("collected ")]
    return {Path(path): guarded == "True" for _, path, guarded in lines}


def written() -> set[Path]:
    return set(TESTS.rglob("test_*.py"))


def test_plain_pytest_collects_every_file_outside_e2e_and_guards_it(tmp_path: Path) -> None:
    files = collected(tmp_path)
    assert files.keys() == {path for path in written() if not path.is_relative_to(E2E)}
    assert [path for path, guarded in files.items() if not guarded] == []


def test_the_files_of_e2e_are_collected_when_the_folder_is_named(tmp_path: Path) -> None:
    assert collected(tmp_path, "tests/e2e").keys() == {path for path in written() if path.is_relative_to(E2E)}


def test_a_folder_within_e2e_can_be_named_too(tmp_path: Path) -> None:
    file = min(path for path in written() if path.is_relative_to(E2E))
    named = str(file.parent.relative_to(ROOT))
    assert file in collected(tmp_path, named)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of its own with this one's tests/conftest.py."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    pytester.makeconftest((TESTS / "conftest.py").read_text())
    pytester.makeini("[pytest]\nmarkers = undocumented")
    return pytester


UNDOCUMENTED = """
    import pytest

    from elbv2_emulator import Emulator
    from support.router.petclinic import petclinic

    def put_weights(stable, canary):
        with Emulator() as emulator:
            petclinic(emulator.url).put_weights(stable=stable, canary=canary)

    def test_something_documented():
        put_weights(1, 0)

    def test_something_undocumented_by_accident():
        put_weights(0, 0)

    @pytest.mark.undocumented
    def test_something_undocumented_on_purpose():
        put_weights(0, 0)

    @pytest.mark.undocumented
    def test_a_mark_that_is_not_needed():
        put_weights(1, 0)
"""


def test_the_guard_fails_a_test_that_does_something_undocumented_by_accident(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(UNDOCUMENTED)
    result = project.runpytest_subprocess("-rE", "--timeout", "60")
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines_random(
        [
            "ERROR *::test_something_undocumented_by_accident*",
            "E *AWS does not document *all weights 0*",
            "ERROR *::test_a_mark_that_is_not_needed*",
            "E *marked, but did nothing undocumented",
        ]
    )
