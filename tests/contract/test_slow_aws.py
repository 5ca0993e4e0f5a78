"""An AWS that answers a byte at a time holds no call beyond its deadline, and no thread for good."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.aws.slow_server import Slowness, slow_server
from support.router.petclinic import Petclinic
from support.router.sidecar import CREDENTIALS, environment, sidecar

CALLS = 20  # more than the sidecar has threads
SECONDS = 6.0


def code_of_a_call(stub: pb_grpc.TrafficRouterStub, clinic: Petclinic) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        stub.SetWeight(clinic.set_weight(10), timeout=SECONDS)
    code: grpc.StatusCode = caught.value.code()
    return code


@pytest.mark.parametrize("slowness", [Slowness.HEADERS, Slowness.BODY], ids=lambda slowness: slowness.value)
def test_no_thread_is_lost_to_a_slow_aws(clinic: Petclinic, volumes: Path, slowness: Slowness) -> None:
    with (
        slow_server(slowness) as address,
        sidecar(volumes, environment(f"http://{address}", **CREDENTIALS)) as router,
        router.stub() as stub,
        ThreadPoolExecutor(CALLS) as pool,
    ):
        calls = [pool.submit(code_of_a_call, stub, clinic) for _ in range(CALLS)]
        codes = {call.result(3 * SECONDS) for call in calls}
        assert codes <= {
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.DEADLINE_EXCEEDED,
            grpc.StatusCode.ABORTED,
        }
        time.sleep(1)  # the last of them end
        begun = time.monotonic()
        stub.Type(pb.TypeRequest(), timeout=SECONDS)
        assert time.monotonic() - begun < 1
        assert router.end() == 0
