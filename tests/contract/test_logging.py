"""The log never decides over a call, whatever becomes of its reader."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.http2 import Http2
from support.router.petclinic import Petclinic
from support.router.sidecar import CREDENTIALS, Sidecar, command, environment

Process = subprocess.Popen[bytes]
Stub = pb_grpc.TrafficRouterStub
CLOSED = ("sh", "-c", 'exec "$@" 2>&-', "sh")
SMALLEST_PIPE = 4096


@contextmanager
def serving(volumes: Path, clinic: Petclinic, *before: str) -> Iterator[tuple[Process, Stub]]:
    """A sidecar with a pipe that nobody reads as its stderr, and a client of it."""
    variables = environment(clinic.url, **CREDENTIALS)
    with subprocess.Popen(
        [*before, *command(volumes, "--log-level", "debug")], env=variables, stderr=subprocess.PIPE
    ) as process:
        try:
            with grpc.insecure_channel(f"unix:{volumes}/router-socket/router.sock") as channel:
                stub = pb_grpc.TrafficRouterStub(channel)
                stub.SetWeight(clinic.set_weight(0), wait_for_ready=True, timeout=30)
                yield process, stub
        finally:
            process.kill()


def stop(process: Process) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(20)


def output_of(process: Process) -> IO[bytes]:
    assert process.stderr is not None
    return process.stderr


def test_a_write_succeeds_when_the_reader_of_the_log_is_gone(volumes: Path, clinic: Petclinic) -> None:
    with serving(volumes, clinic) as (process, stub):
        output_of(process).close()
        stub.SetWeight(clinic.set_weight(10), timeout=10)
        with pytest.raises(grpc.RpcError) as caught:
            stub.SetWeight(clinic.set_weight(101), timeout=10)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert clinic.weights() == {"stable": 90, "canary": 10}
        assert stop(process) == 0


def test_calls_go_on_when_the_log_is_full_and_the_lost_lines_are_counted(
    volumes: Path, clinic: Petclinic
) -> None:
    with serving(volumes, clinic) as (process, stub):
        output = output_of(process)
        fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, SMALLEST_PIPE)
        for weight in [*range(1, 30), 10]:
            stub.SetWeight(clinic.set_weight(weight), timeout=10)
        assert clinic.weights() == {"stable": 90, "canary": 10}
        os.set_blocking(output.fileno(), False)
        lines = (output.read() or b"").splitlines()
        fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, 16 * SMALLEST_PIPE)
        stub.SetWeight(clinic.set_weight(20), timeout=10)
        until = time.monotonic() + 10
        while b'"desired_weight": 20' not in b"".join(lines[-1:]):
            assert time.monotonic() < until, lines
            lines += (output.read() or b"").splitlines()
        entries = [json.loads(line) for line in lines]
        assert stop(process) == 0
    *before, dropped, last = entries
    assert (dropped["event"], dropped["level"]) == ("log lines dropped", "warning")
    assert last["event"] == "done"
    written = sum(entry["event"] == "done" for entry in before)
    assert dropped["count"] == 1 + 30 - written


def test_a_server_whose_stderr_is_closed_serves(volumes: Path, clinic: Petclinic) -> None:
    with serving(volumes, clinic, *CLOSED) as (process, stub):
        stub.SetWeight(clinic.set_weight(10), timeout=10)
        with pytest.raises(grpc.RpcError):
            stub.SetWeight(clinic.set_weight(101), timeout=10)
        assert Path(f"/proc/{process.pid}/fd/2").readlink() == Path(os.devnull)
        assert stop(process) == 0


def test_a_client_can_not_write_lines_of_the_log(router: Sidecar) -> None:
    """gRPC itself would log the text of a client's GOAWAY as it is."""
    with Http2(router.socket) as client:
        client.go_away('\n{"event": "forged"}\n')
    with router.stub() as stub:
        stub.InitPlugin(pb.InitPluginRequest())
    router.end()
    assert [entry for entry in router.log if entry.get("event") not in {"done", "draining", "stopped"}] == []
