"""The README's commands, as they stand there."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from support.router.sidecar import socket_directory

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_commands_run_in_order_and_do_what_the_text_says() -> None:
    """All sh blocks in one shell, but those of make, which .ci/run runs."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    script = "\n".join(block for block in blocks if not block.startswith("make "))
    with socket_directory() as directory:
        code, output = run(harnessed(script, directory), directory)
    assert code == 0, output
    assert '"verification": "VERIFICATION_VERIFIED"' in output
    assert re.findall(r'"Weight": (\d+)', output) == ["75", "25"]
    assert "as it should be" in output
    shown = [line for line in README.splitlines() if line.startswith(("ERROR:", "  Code: ", "  Message: "))]
    assert len(shown) == 3
    assert "\n".join(shown) in output


def test_every_make_target_that_the_readme_names_is_run_by_ci() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", README, re.MULTILINE))
    run_by_ci = set(re.findall(r"^make ([a-z0-9-]+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    assert named
    assert named <= run_by_ci


def harnessed(script: str, directory: Path) -> str:
    """The script with free ports and a directory of its own, and its programs ended however it ends."""
    for port in ("4566", "50051"):
        script = script.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
    script = script.replace("/tmp/", f"{directory}/")  # noqa: S108  the README's own
    script = script.replace("$PWD/.venv/bin", str(Path(sys.executable).parent))
    return f"trap 'kill $(jobs -p)' EXIT\n{script}"


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
            output = shell.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            raise
    return shell.returncode, output


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
