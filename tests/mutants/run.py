"""Applies mutations one at a time to a copy of the repository, and runs the test that must notice each."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import groupby
from pathlib import Path

from mutants.mutation import Mutation, TextNotUniqueError, mutated

_LINKED = (".venv", "build")  # not in git: tests use the programs in them
_TEST_SECONDS = 60
_START_AND_TEST_SECONDS = 300  # compiling Go takes long on a busy machine
# pytest ends with 1 also if a file could not be imported or a fixture failed, which it reports as ERROR.
_FAILED_TEST = re.compile(r"^FAILED |^--- FAIL: ", re.MULTILINE)


class Result(Enum):
    KILLED = "killed"
    SURVIVED = "survived: the test passes"
    NOT_RUN = "not run: the test does not end, or it could not be started, imported or compiled"
    NOT_APPLIED = "not applied"


@contextmanager
def copy_of(root: Path) -> Iterator[Path]:
    """A temporary directory with the files of the repository, as they are in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        copy = Path(directory)
        for name in filter(None, listed.split("\0")):
            if (root / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, copy / name)
        for name in _LINKED:
            if (root / name).exists() and not (copy / name).exists():
                (copy / name).symlink_to((root / name).resolve())
        yield copy


def run(root: Path, mutations: Sequence[Mutation]) -> int:
    """Prints the result of each mutation. Returns how many were not killed, or 1 if a test fails without."""
    begun = time.monotonic()
    with copy_of(root) as copy:
        if not _pass_without_mutation(copy, mutations):
            return 1
        results = [_result(copy, mutation) for mutation in mutations]
    killed = results.count(Result.KILLED)
    print(f"{len(results)} mutations, {killed} killed, in {time.monotonic() - begun:.0f} s")
    return len(results) - killed


def _pass_without_mutation(copy: Path, mutations: Sequence[Mutation]) -> bool:
    """Whether the tests pass while nothing is broken: otherwise their failures would prove nothing."""
    tests = dict.fromkeys((mutation.test, mutation.k) for mutation in mutations if not mutation.is_go)
    plain = [test for test, k in tests if not k]
    commands = [_pytest(*plain)] if plain else []
    commands += [_pytest(test, "-k", k) for test, k in tests if k]
    go_tests = sorted({mutation.test for mutation in mutations if mutation.is_go})
    commands += [_go_test(*tests) for _, tests in groupby(go_tests, key=_directory)]
    for command in commands:
        ended = _output_of(copy, command, seconds=_TEST_SECONDS * len(mutations))
        if ended.returncode or "no tests to run" in ended.stdout:
            print(f"Without a mutation, this fails: {' '.join(command)}\n{ended.stdout}{ended.stderr}")
            return False
    return True


def _result(copy: Path, mutation: Mutation) -> Result:
    begun = time.monotonic()
    path = copy / mutation.file
    before = path.read_text() if path.is_file() else ""
    output = ""
    try:
        path.write_text(mutated(mutation, before))
    except TextNotUniqueError as error:
        result, output = Result.NOT_APPLIED, str(error)
    else:
        result, output = _result_of_test(copy, mutation)
        path.write_text(before)
    print(f"{time.monotonic() - begun:5.1f} s  {result.value}: {mutation.breaks}", flush=True)
    if result is not Result.KILLED:
        print(f"         {mutation.file}, {mutation.test}\n{output}", flush=True)
    return result


def _result_of_test(copy: Path, mutation: Mutation) -> tuple[Result, str]:
    """The result, and the output of the test."""
    if mutation.is_go:
        command = _go_test(mutation.test)
    else:
        command = _pytest(mutation.test, *(["-k", mutation.k] if mutation.k else []))
    try:
        ended = _output_of(copy, command, seconds=_START_AND_TEST_SECONDS)
    except subprocess.TimeoutExpired:
        return Result.NOT_RUN, f"It has not ended after {_START_AND_TEST_SECONDS} s."
    output = ended.stdout + ended.stderr
    if ended.returncode == 0:
        return Result.SURVIVED, output
    has_failed = _FAILED_TEST.search(output)
    return (Result.KILLED if has_failed else Result.NOT_RUN), output


def _pytest(*arguments: str) -> list[str]:
    # The cache would write into the copy, and the order of the cache is not the order of the list.
    options = ["-x", "-q", "--tb=short", "-p", "no:cacheprovider", "--timeout", str(_TEST_SECONDS)]
    return [sys.executable, "-m", "pytest", *options, *arguments]


def _go_test(*tests: str) -> list[str]:
    """Runs tests of one directory."""
    names = "|".join(test.partition("::")[2] for test in tests)
    # -C, because the package is in a module of its own.
    options = ["-C", _directory(tests[0]), "-count=1", "-timeout", f"{_TEST_SECONDS}s"]
    return ["go", "test", *options, "-run", f"^({names})$", "."]


def _directory(go_test: str) -> str:
    return str(Path(go_test.partition("::")[0]).parent)


def _output_of(copy: Path, command: list[str], seconds: float) -> "subprocess.CompletedProcess[str]":
    # Python's cache of compiled files compares times and sizes, so it can miss a change within a second.
    environment = {**os.environ, "PYTHONPATH": str(copy / "plugin"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=copy, env=environment, check=False, capture_output=True, text=True, timeout=seconds
    )
