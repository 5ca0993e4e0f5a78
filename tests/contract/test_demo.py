"""The whole demo with and without a terminal, with a sidecar that only reads, and when a signal ends it."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rich.console import Console

from elbv2_trafficrouter.cli.demo.step import Answer, Groups, Reconciled, Step, Tally
from elbv2_trafficrouter.cli.demo.table import LiveTable
from support.aws.read_only import reads_instead_of_writing

DEMO = (sys.executable, "-m", "elbv2_trafficrouter", "demo")
LONGEST_SECONDS = 70

# Nothing in the user's environment may lead the demo to the real AWS, or away from its own emulator.
SURROUNDINGS = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "ELBV2_TRAFFICROUTER_PLUGIN_NAME": "trafficrouter/other",
}


def start(**environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        DEMO, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(demo: "subprocess.Popen[str]") -> tuple[str, str]:
    """Waits until the demo has ended. Returns its stdout and stderr."""
    return demo.communicate(timeout=LONGEST_SECONDS)


@pytest.fixture
def running() -> Iterator[ExitStack]:
    """Ends, after the test, the demos that are put on it."""
    with ExitStack() as stack:
        yield stack


def run_until_the_end_of(stack: ExitStack, demo: "subprocess.Popen[str]") -> "subprocess.Popen[str]":
    stack.enter_context(demo)
    stack.callback(demo.terminate)
    return demo


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "subprocess.Popen[str]"]]:
    """Both at once: each takes half a minute and waits for most of it."""
    read_only = reads_instead_of_writing(tmp_path_factory.mktemp("site"))
    with ExitStack() as stack:
        yield {
            "as it is": run_until_the_end_of(stack, start(**SURROUNDINGS)),
            "only reads": run_until_the_end_of(stack, start(**read_only)),
        }


def test_every_step_of_the_canary_is_exact(demos: dict[str, "subprocess.Popen[str]"]) -> None:
    shown, complaints = wait_for(demos["as it is"])

    assert (demos["as it is"].returncode, complaints) == (0, ""), shown
    assert shown.startswith("Starting an emulator, the sidecar and 7 pods…\n")
    steps = re.findall(r"^ *(\w+|step \d/\d) +(\d+)% +(\d+:\d+) .* 0 +yes$", shown, re.MULTILINE)
    assert steps == [
        ("deployed", "0", "100:0"),
        ("step 1/8", "10", "90:10"),
        ("step 3/8", "25", "75:25"),
        ("step 5/8", "50", "50:50"),
        ("step 7/8", "75", "25:75"),
        ("step 8/8", "100", "0:100"),
        ("promoted", "0", "100:0"),
    ]
    assert re.search(r"^promoted .* 1\.0\.1 2000 100\.00% +0 +0\.00%", shown, re.MULTILINE)
    assert re.search(r"^5xx +0$", shown, re.MULTILINE)
    assert re.search(r"^other rules +untouched$", shown, re.MULTILINE)
    assert "All weights exact." in shown
    assert "\x1b" not in shown


def test_a_sidecar_that_reads_instead_of_writing_is_detected(
    demos: dict[str, "subprocess.Popen[str]"],
) -> None:
    shown, _ = wait_for(demos["only reads"])

    assert demos["only reads"].returncode == 1, shown
    assert "- step 1/8, 10%: the rule has was-stable 100 instead of was-stable 90, was-canary 10" in shown
    assert re.search(
        r"^- step 3/8, 25%: was-canary answered 0 of 2,000 requests, expected 402 to 601$",
        shown,
        re.MULTILINE,
    )
    assert "The end of the sidecar's log:" in shown
    assert "All weights exact." not in shown


@pytest.mark.parametrize(
    ("columns", "is_live"), [pytest.param(80, True, id="live"), pytest.param(79, False, id="plain lines")]
)
def test_a_terminal_shows_whole_rows(*, columns: int, is_live: bool, running: ExitStack) -> None:
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, columns))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": ""}
    demo = subprocess.Popen(DEMO, env=environment, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    running.enter_context(demo)
    running.callback(os.close, screen)
    running.callback(demo.terminate)

    shown = shown_until(r"^step 3/8 .* yes *$", screen)
    demo.terminate()
    shown_until("the demo was ended by SIGTERM", screen)

    assert ("\x1b[" in shown) is is_live
    assert re.search(
        r"^ +asked +rule +was-stable +was-canary +failed +verified *$", plain(shown), re.MULTILINE
    )
    counted = re.findall(
        r"^step 1/8 +10% +90:10 +1\.0\.0 +(\d+) +[\d.]+% +1\.0\.1 +(\d+) +[\d.]+% +0 +yes *$",
        plain(shown),
        re.MULTILINE,
    )
    assert sum(map(int, counted[-1])) == 2_000


def test_a_live_row_with_two_versions_in_a_group_keeps_its_last_columns() -> None:
    groups = Groups("was-stable", "was-canary", "web-service")
    tally = Tally()
    for group, version, count in (
        (groups.stable, "1.0.0", 1_800),
        (groups.stable, "1.0.1", 10),
        (groups.canary, "1.0.1", 190),
    ):
        tally.answers[Answer(group, version)] = count
    weights = {groups.stable: 90, groups.canary: 10}
    table = LiveTable(groups)
    table.add(Step("step 1/8", 10, {}, weights, Reconciled(False, "", 0), tally))
    console = Console(width=80)

    with console.capture() as captured:
        console.print(table.draw())

    title, row, _rest = captured.get().splitlines()
    assert title.split()[-2:] == ["failed", "verified"]
    assert row.split()[-2:] == ["0", "no"]


def shown_until(pattern: str, screen: int) -> str:
    """The terminal's output up to the point where the pattern appears in it."""
    shown = b""
    while not re.search(pattern, plain(shown.decode(errors="ignore")), re.MULTILINE):
        ready, _, _ = select.select([screen], [], [], LONGEST_SECONDS)
        assert ready, shown
        shown += os.read(screen, 65536)
    return shown.decode(errors="ignore")


def plain(shown: str) -> str:
    """The output without colours and cursor movements, each line as it was drawn."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", re.sub(r"\r\n?", "\n", shown))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_leaves_nothing_behind_when_a_signal_ends_it(number: signal.Signals, running: ExitStack) -> None:
    # pytest's own directories are too long for a Unix socket's path.
    directory = running.enter_context(TemporaryDirectory(prefix="demo-"))
    demo = run_until_the_end_of(running, start(TMPDIR=directory))
    assert demo.stdout is not None
    assert any(line.startswith("deployed") for line in iter(demo.stdout.readline, ""))
    children = children_of(demo)
    left = set(Path(directory).iterdir())
    demo.send_signal(number)

    _, complaints = wait_for(demo)

    assert demo.returncode == 128 + number
    assert complaints == f"elbv2-trafficrouter: the demo was ended by {number.name}\n"
    assert len(children) == 2
    assert left
    assert not [child for child in children if is_there(child)]
    assert not set(Path(directory).iterdir())


def children_of(process: "subprocess.Popen[str]") -> list[int]:
    all_processes = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True
    ).stdout
    pairs = (line.split() for line in all_processes.splitlines())
    return [int(pid) for pid, parent in pairs if int(parent) == process.pid]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_without_its_extra_packages_it_says_what_to_install(tmp_path: Path, running: ExitStack) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\n\nsys.modules['rich'] = None\n")
    demo = run_until_the_end_of(running, start(PYTHONPATH=str(tmp_path)))

    shown, complaints = wait_for(demo)

    assert (demo.returncode, shown) == (1, "")
    assert "the demo needs rich" in complaints
    assert "pip install 'elbv2-trafficrouter[demo]'" in complaints
