"""Clients that watch the health see that the server stops, while it still finishes its calls."""

import signal
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from support.aws.proxy import Hold
from support.router.petclinic import Petclinic
from support.router.sidecar import Sidecar, code_of

STATUS = health_pb2.HealthCheckResponse


def test_a_client_that_watches_the_health_sees_that_the_server_drains(
    clinic: Petclinic, router_behind: Callable[[Hold], Sidecar]
) -> None:
    hold = Hold("DescribeRules")
    router = router_behind(hold)
    with router.stub() as stub, grpc.insecure_channel(router.unix) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert next(watch).status == STATUS.SERVING
        call = stub.SetWeight.future(clinic.set_weight(10))
        hold.wait_for()
        router.process.send_signal(signal.SIGTERM)
        router.wait_for_log("draining")
        assert next(watch).status == STATUS.NOT_SERVING
        assert not call.done()
        watch.cancel()
        hold.release()
        assert code_of(call) == grpc.StatusCode.OK
