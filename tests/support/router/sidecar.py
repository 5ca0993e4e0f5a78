"""The sidecar as a process, started as in the rendered pod, and listening on TCP as well."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.manifest import SIDECAR, arguments_of, pod

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
_PATIENCE_SECONDS = 20
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")


def environment(endpoint: str, **more: str) -> dict[str, str]:
    """Variables for the sidecar: none of the caller's AWS settings, and this endpoint instead of AWS."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return kept | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": endpoint,
        "PYTHONWARNINGS": "error",
        **more,
    }


@dataclass
class Sidecar:
    process: "subprocess.Popen[str]"
    unix: str
    tcp: str
    log: list[dict[str, Any]] = field(default_factory=list)
    reader: threading.Thread | None = None

    @property
    def socket(self) -> Path:
        return Path(self.unix.removeprefix("unix:"))

    @contextmanager
    def stub(self, address: str | None = None) -> Iterator[pb_grpc.TrafficRouterStub]:
        with grpc.insecure_channel(address or self.unix) as channel:
            yield pb_grpc.TrafficRouterStub(channel)

    def wait_for_log(self, event: str) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not any(entry.get("event") == event for entry in list(self.log)):
            assert time.monotonic() < until, f"{event!r} was not logged: {self.log}"
            time.sleep(0.01)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self, seconds: float = _PATIENCE_SECONDS) -> int:
        """The exit code of the sidecar, once it has ended and its log is complete."""
        code = self.process.wait(seconds)
        if self.reader:
            self.reader.join(seconds)
        return code


def wait_until_arrived(stub: pb_grpc.TrafficRouterStub) -> None:
    """Returns once the calls that were sent before on the same connection are being served.

    A later call that has come back shows that they have threads; the repetitions give these threads time.
    """
    for _ in range(10):
        stub.Type(pb.TypeRequest(), timeout=_PATIENCE_SECONDS)


def code_of(call: Any) -> grpc.StatusCode:
    """How a call that runs in the background ended. Raises grpc.FutureTimeoutError where it does not end."""
    call.exception(timeout=_PATIENCE_SECONDS)
    code: grpc.StatusCode = call.code()
    return code


@contextmanager
def socket_directory() -> Iterator[Path]:
    """A directory whose path is short enough for a Unix socket; pytest's are too long."""
    directory = tempfile.mkdtemp(prefix="router-")
    try:
        yield Path(directory)
    finally:
        shutil.rmtree(directory)


@contextmanager
def volume_directories() -> Iterator[Path]:
    """A directory with a subdirectory for each of the pod's volumes."""
    with socket_directory() as directory:
        for volume in pod()["spec"]["volumes"]:
            (directory / volume["name"]).mkdir()
        yield directory


def command(volumes: Path, *flags: str, module: str = "elbv2_trafficrouter") -> list[str]:
    """The sidecar's command line in the pod, with more flags. `module`: what Python runs."""
    return [sys.executable, "-m", module, *arguments_of(SIDECAR, volumes), *flags]


@contextmanager
def sidecar(
    volumes: Path, variables: Mapping[str, str], *flags: str, module: str = "elbv2_trafficrouter"
) -> Iterator[Sidecar]:
    """A sidecar that serves. Raises AssertionError with its output if it does not start."""
    with subprocess.Popen(
        command(volumes, "--log-level", "debug", "--listen", "127.0.0.1:0", *flags, module=module),
        env=dict(variables),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            output = cast("Iterator[str]", process.stderr)
            first = next(output, "nothing")
            assert '"event": "serving"' in first, first + "".join(output)
            started = json.loads(first)
            unix, tcp = started["listen"]
            running = Sidecar(process, unix, tcp)
            running.reader = reader = threading.Thread(target=_keep, args=(output, running.log))
            reader.start()
            yield running
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(_PATIENCE_SECONDS)
        reader.join(_PATIENCE_SECONDS)


def _keep(output: Iterator[str], log: list[dict[str, Any]]) -> None:
    log.extend(json.loads(line) if line.startswith("{") else {"text": line} for line in output)
