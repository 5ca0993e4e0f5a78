"""`make demo-cluster` as a person has it, and that nothing is left of it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cluster.process import wait_until
from support.manifest import ROOT

LONGEST_SECONDS = 200  # 43 on an idle machine


@dataclass(frozen=True, slots=True)
class Demo:
    """`directory`: its own, for all that it writes."""

    process: "subprocess.Popen[bytes]"
    directory: Path

    def said(self) -> str:
        return (self.directory / "said.txt").read_text()

    def await_line(self, pattern: str) -> None:
        def is_there() -> bool:
            assert self.process.poll() is None, self.said()
            return bool(re.search(pattern, self.said(), re.MULTILINE))

        wait_until(is_there, f"it said {pattern}", seconds=LONGEST_SECONDS)

    def ended(self) -> int:
        return self.process.wait(LONGEST_SECONDS)

    def processes(self) -> list[str]:
        """Names of those that were started with this directory, whoever is their parent now."""
        return [name for name, variables in all_processes() if str(self.directory).encode() in variables]

    def files(self) -> list[Path]:
        return [file for file in self.directory.iterdir() if file.name != "said.txt"]


def all_processes() -> Iterator[tuple[str, bytes]]:
    """Name and environment."""
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # of another user, or it has ended
            yield (directory / "comm").read_text().strip(), (directory / "environ").read_bytes()


@contextmanager
def demo(**variables: str) -> Iterator[Demo]:
    # pytest's own directories are too long for a Unix socket's path.
    with TemporaryDirectory(prefix="demo-") as directory, Path(directory, "said.txt").open("wb") as said:
        own = {"TMPDIR": directory, "PYTHONPATH": "tests"}
        with subprocess.Popen(
            [sys.executable, "-m", "cluster.demo"],
            cwd=ROOT,
            env=os.environ | own | variables,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        ) as process:
            try:
                yield Demo(process, Path(directory))
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def demos() -> Iterator[dict[str, Demo]]:
    """Both at once: they wait for most of their time."""
    with ExitStack() as stack:
        yield {
            "to its end": stack.enter_context(demo()),
            "kept": stack.enter_context(demo(KEEP="1")),
        }


def test_all_of_a_canary_by_the_real_controller_is_exact(demos: dict[str, Demo]) -> None:
    played = demos["to its end"]

    assert played.ended() == 0, played.said()

    steps = re.findall(r"^ *(\w+|step \d/\d) +(\d+)% +(\d+:\d+) .* 0 +yes$", played.said(), re.MULTILINE)
    assert steps == [
        ("deployed", "0", "100:0"),
        ("step 1/8", "10", "90:10"),
        ("step 3/8", "25", "75:25"),
        ("step 5/8", "50", "50:50"),
        ("step 7/8", "75", "25:75"),
        ("promoted", "0", "100:0"),
    ]
    assert re.search(r"^written weights +10, 25, 50, 75, 100, 0$", played.said(), re.MULTILINE)
    assert played.said().endswith("\nAll weights exact.\n")
    assert "\x1b" not in played.said()
    assert (played.processes(), played.files()) == ([], [])


def test_what_is_kept_can_be_played_with_until_ctrl_c(demos: dict[str, Demo]) -> None:
    kept = demos["kept"]
    kept.await_line(r"^Ctrl-C ends it\.$")
    variables = "\n".join(printed(kept, "export "))

    def run(command: str) -> str:
        """As printed, after the variables."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{variables}\n{command}"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={"PATH": os.environ["PATH"], "HOME": str(kept.directory)},
            timeout=LONGEST_SECONDS,
        ).stdout

    for command in printed(kept, "kubectl argo rollouts set image ", "curl ", "aws ", "grpcurl "):
        assert run(command), command
    (show,) = (line.removesuffix(" --watch") for line in printed(kept, "kubectl argo rollouts get "))
    wait_until(lambda: re.search(r"ActualWeight: +10$", run(show), re.MULTILINE), "it was at 10")
    for command in printed(kept, "kubectl argo rollouts promote "):
        run(command)
    wait_until(lambda: re.search(r"ActualWeight: +25$", run(show), re.MULTILINE), "it was at 25")
    (rules,) = printed(kept, "aws elbv2 describe-rules ")
    assert re.findall(r'"Weight": (\d+)', run(rules)) == ["75", "25"]
    assert {"etcd", "kube-apiserver", "rollouts-contro"} <= set(kept.processes())

    kept.process.send_signal(signal.SIGINT)

    assert kept.ended() == 0, kept.said()
    assert (kept.processes(), kept.files()) == ([], [])


def printed(kept: Demo, *beginnings: str) -> list[str]:
    lines = [line.strip() for line in kept.said().splitlines()]
    found = [line for line in lines if line.startswith(beginnings)]
    assert found, (beginnings, kept.said())
    return found


def test_ctrl_c_in_the_middle_of_the_start_leaves_nothing_behind() -> None:
    with demo() as interrupted:
        wait_until(lambda: "kube-apiserver" in interrupted.processes(), "a part of it ran")

        interrupted.process.send_signal(signal.SIGINT)
        # A second one must not break off the ending.
        interrupted.process.send_signal(signal.SIGINT)

        assert interrupted.ended() == 128 + signal.SIGINT, interrupted.said()
        assert interrupted.said().endswith("The demo was ended by SIGINT.\n")
        assert (interrupted.processes(), interrupted.files()) == ([], [])
