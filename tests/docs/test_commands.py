"""The pages' commands, as they are written there. tests/e2e runs those that need a cluster."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.docs.pages import CONTRIBUTING, PAGES, ROOT, Page, page
from support.router.sidecar import socket_directory

BY_HAND = page("by-hand.md")
SECONDS = 100

# Targets that are named, but not run by .ci/run, and why.
NOT_RUN_BY_CI = {
    ".venv/installed": "every other target needs it",
    "attack-long": "takes half an hour, and changes the tree; `make attack` does the same with small numbers",
    "bridge": "`make test` builds the same file",
    "cluster": "`make e2e` needs it",
    "docs/status.png": "changes the tree; `make test` takes the picture, too",
    "help": "prints the Makefile's comments",
    "lock": "changes the tree",
    "measure": "is for people: it measures and asserts nothing",
    "mutants": "tests the tests, and takes minutes; `make test` checks that its lists are up to date",
    "properties": "takes long, and tries other examples in every run",
    "measure-storms": "takes an hour and changes docs/performance.md; `make bench` runs the same code",
    "proto": "changes the tree; `make lint` generates the same code beside it",
}


def commands(page: Page) -> str:
    """All sh blocks of a page, except those of make, which .ci/run runs."""
    return "\n".join(block for block in page.blocks("sh") if not block.startswith("make "))


PAGES_WITH_COMMANDS = [page for page in PAGES if commands(page)]


@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS, ids=str)
def test_the_commands_of_a_page_run_in_order_in_one_shell(page: Page) -> None:
    with socket_directory() as directory:
        code, output = run(harnessed(commands(page), directory), directory)
    assert code == 0, output
    if page == BY_HAND:
        assert_that_it_did_what_the_page_says(output)


def assert_that_it_did_what_the_page_says(output: str) -> None:
    assert '"verification": "VERIFICATION_VERIFIED"' in output
    assert re.findall(r'"Weight": (\d+)', output) == ["75", "25"]
    assert "rejected, as it should be" in output
    (shown,) = BY_HAND.blocks("text")
    assert len(shown.splitlines()) == 3
    assert shown in output


def test_the_pages_by_hand_and_of_the_emulator_have_commands() -> None:
    assert {BY_HAND, page("emulator.md"), CONTRIBUTING} <= set(PAGES_WITH_COMMANDS)


def test_every_make_target_that_a_page_names_is_run_by_ci() -> None:
    named = {target for page in PAGES for target in targets(page.text)}
    run_by_ci = targets((ROOT / ".ci" / "run").read_text())
    assert {"demo", "demo-cluster", "test", "e2e", "lint"} <= named & run_by_ci
    assert named - run_by_ci == set(NOT_RUN_BY_CI)


def targets(text: str) -> set[str]:
    return set(re.findall(r"(?:^|`)(?:KEEP=1 )?make ([a-z0-9./-]+)", text, re.MULTILINE))


def harnessed(script: str, directory: Path) -> str:
    """The script with free ports and a directory of its own, whose programs end however it ends."""
    for port in ("4566", "50051"):
        script = script.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
    script = script.replace("/tmp/", f"{directory}/")  # noqa: S108  the pages' own
    programs = str(Path(sys.executable).parent)
    script = script.replace("$PWD/.venv/bin", programs)
    script = re.sub(r"^\.venv/bin/", f"{programs}/", script, flags=re.MULTILINE)
    return f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}"


def run(script: str, home: Path) -> tuple[int, str]:
    """The script's exit code and what it printed, on both streams."""
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            output = shell.communicate(timeout=SECONDS)[0]
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            raise
    return shell.returncode, output


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
