"""The last line of defence: calls that hang beyond their deadlines make health fail, and the process ends."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from elbv2_trafficrouter.rpc.admission import WORKING
from support.router.petclinic import Petclinic
from support.router.sidecar import Sidecar, code_of, environment, sidecar

NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVING = health_pb2.HealthCheckResponse.SERVING

# SetWeight waits for this file, whatever its deadline is.
HANGING = """
import os, time
from elbv2_trafficrouter.routing.router import Router

def hang(*_):
    while not os.path.exists(os.environ["ROUTER_RELEASED"]):
        time.sleep(0.05)

Router.set_weight = hang
"""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return tmp_path / "released"


@pytest.fixture
def hanging(volumes: Path, tmp_path: Path, release: Path) -> Iterator[Sidecar]:
    (tmp_path / "sitecustomize.py").write_text(HANGING)
    variables = environment("http://127.0.0.1:9", PYTHONPATH=str(tmp_path), ROUTER_RELEASED=str(release))
    with sidecar(volumes, variables) as running:
        yield running


def health(router: Sidecar) -> set[Any]:
    with grpc.insecure_channel(router.unix) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        return {
            stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status
            for service in ("", "trafficrouter.v1.TrafficRouter")
        }


def hang(router: Sidecar, clinic: Petclinic, calls: int) -> None:
    with router.stub() as stub:
        sent = [stub.SetWeight.future(clinic.set_weight(10), timeout=3) for _ in range(calls)]
        assert {code_of(call) for call in sent} == {grpc.StatusCode.DEADLINE_EXCEEDED}


def test_health_fails_while_every_call_hangs_and_recovers(
    hanging: Sidecar, clinic: Petclinic, release: Path
) -> None:
    hang(hanging, clinic, WORKING - 1)
    assert health(hanging) == {SERVING}
    hang(hanging, clinic, 1)
    assert health(hanging) == {NOT_SERVING}
    release.touch()
    until = time.monotonic() + 20
    while health(hanging) != {SERVING}:
        assert time.monotonic() < until
        time.sleep(0.1)
    hanging.end()
    assert {entry["event"] for entry in hanging.log} >= {"stuck"}


def test_the_process_ends_while_calls_hang(hanging: Sidecar, clinic: Petclinic) -> None:
    hang(hanging, clinic, 2)
    hanging.process.send_signal(signal.SIGTERM)
    assert hanging.wait(40) == os.EX_OK
    assert [entry["event"] for entry in hanging.log if "method" not in entry] == ["draining", "stopped"]
    assert not hanging.socket.exists()
