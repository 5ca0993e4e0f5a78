"""The processes that the demo starts: the emulator and the sidecar."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, cast

_LEFT_OUT = ("AWS_", "BOTO", "ELBV2_TRAFFICROUTER_")
_PATIENCE_SECONDS = 3


def isolate_environment() -> None:
    """Removes AWS and proxy settings: this process and its children must not send requests elsewhere."""
    for name in list(os.environ):
        if name.startswith(_LEFT_OUT) or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY="not-a-secret",  # noqa: S106  the emulator does not check it
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )


class NotStarted(Exception):  # noqa: N818  it says what happened
    """A process exited before it was ready."""


@asynccontextmanager
async def emulator(log: Path) -> AsyncIterator[str]:
    """Runs an empty emulator. Yields the URL of its API."""
    with _running(log, "elbv2_emulator", "--api", "127.0.0.1:0") as stdout:
        line = await asyncio.to_thread(stdout.readline)
        if not line:
            raise NotStarted("the emulator exited before it was ready")
        yield line.split()[-1]


@contextmanager
def sidecar(log: Path, socket: str, api: str) -> Iterator[None]:
    """Runs the sidecar on this socket, with the emulator's API. It may take a moment until it responds."""
    endpoint = {"AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": api}
    arguments = ("serve", "--listen", socket, "--log-format", "console")
    with _running(log, "elbv2_trafficrouter", *arguments, environment=endpoint):
        yield


@contextmanager
def _running(
    log: Path, module: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[IO[str]]:
    """Runs a Python module as a process while the block runs; its stderr goes to `log`. Yields its stdout."""
    with (
        log.open("w") as stderr,
        subprocess.Popen(  # noqa: S603  this project's own programs
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=os.environ | (environment or {}),
            text=True,
            # A Ctrl-C at the terminal goes only to the demo, which ends its processes in order.
            process_group=0,
        ) as process,
    ):
        try:
            yield cast("IO[str]", process.stdout)
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
