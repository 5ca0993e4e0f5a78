"""The sidecar as in the pod, at its usual log level, for the whole of a measurement."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import grpc

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.manifest import SIDECAR, arguments_of
from support.router.sidecar import CREDENTIALS, environment, volume_directories

TESTS = Path(__file__).parents[2]
SHIPPED = "elbv2_trafficrouter"
"""The module that the image starts."""

_PATIENCE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Router:
    pid: int
    address: str

    @contextmanager
    def stub(self) -> Iterator[pb_grpc.TrafficRouterStub]:
        with grpc.insecure_channel(self.address) as channel:
            grpc.channel_ready_future(channel).result(_PATIENCE_SECONDS)
            yield pb_grpc.TrafficRouterStub(channel)

    @property
    def resident_mebibytes(self) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@contextmanager
def router(endpoint: str, module: str = SHIPPED, **variables: str) -> Iterator[Router]:
    """Starts this module as the sidecar, which serves once the block begins. It must not end by itself."""
    with volume_directories() as volumes, tempfile.TemporaryFile("w+") as log:
        arguments = arguments_of(SIDECAR, volumes)
        (address,) = (word for word in arguments if word.startswith("unix://"))
        given = environment(endpoint, **CREDENTIALS, **variables)
        with subprocess.Popen(
            [sys.executable, "-m", module, *arguments], env=given, cwd=TESTS, stderr=log
        ) as process:
            try:
                _wait_for(Path(address.removeprefix("unix://")), process, log)
                yield Router(process.pid, address)
                _require_running(process, log)
            finally:
                process.kill()


def _wait_for(socket: Path, process: "subprocess.Popen[bytes]", log: TextIO) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not socket.exists():
        _require_running(process, log)
        assert time.monotonic() < until, "The sidecar does not listen"
        time.sleep(0.01)


def _require_running(process: "subprocess.Popen[bytes]", log: TextIO) -> None:
    if process.poll() is not None:
        log.seek(0)
        raise AssertionError(f"The sidecar ended with {process.returncode}: {log.read()[-3000:]}")
