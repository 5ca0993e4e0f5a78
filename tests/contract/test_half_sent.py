"""Clients that begin calls and never send the message stop nobody else."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from elbv2_trafficrouter.rpc.admission import RECEIVING
from support.router.petclinic import Petclinic
from support.router.sidecar import Sidecar, code_of

SET_WEIGHT = "/trafficrouter.v1.TrafficRouter/SetWeight"
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
HalfSend = Callable[[str, int], list[Any]]


@pytest.fixture
def half_send(router: Sidecar) -> Iterator[HalfSend]:
    """Begins calls of a method, all on one connection of their own, and keeps them open."""
    ended = threading.Event()

    def messages() -> Iterator[bytes]:
        ended.wait(60)
        yield from ()

    with ExitStack() as stack:

        def begin(method: str, calls: int) -> list[Any]:
            options = [("grpc.use_local_subchannel_pool", 1)]
            channel = stack.enter_context(grpc.insecure_channel(router.unix, options))
            begin_call: Any = channel.stream_unary(method)
            begun = [begin_call.future(messages()) for _ in range(calls)]
            time.sleep(0.5)  # nothing shows when a call without a message has arrived
            return begun

        yield begin
        ended.set()


def health(router: Sidecar) -> Any:
    with grpc.insecure_channel(router.unix) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(), timeout=10).status


@pytest.mark.parametrize("calls", [16, 64])
def test_other_calls_and_health_are_served_at_once(
    router: Sidecar, half_send: HalfSend, clinic: Petclinic, calls: int
) -> None:
    half_sent = half_send(SET_WEIGHT, calls)
    with router.stub() as stub:
        stub.SetWeight(clinic.set_weight(10), timeout=10)
    assert health(router) == health_pb2.HealthCheckResponse.SERVING
    assert clinic.weights() == {"stable": 90, "canary": 10}
    assert len(half_sent) == calls


def test_calls_beyond_the_limit_are_refused_until_the_half_sent_ones_are_cancelled(
    router: Sidecar, half_send: HalfSend, clinic: Petclinic
) -> None:
    half_sent = half_send(SET_WEIGHT, RECEIVING) + half_send(SET_WEIGHT, RECEIVING)
    assert health(router) == health_pb2.HealthCheckResponse.SERVING
    codes: set[grpc.StatusCode] = set()
    with router.stub() as stub:
        until = time.monotonic() + 20
        while grpc.StatusCode.OK not in codes:
            assert time.monotonic() < until, codes
            call: Any = stub.SetWeight.future(clinic.set_weight(10), timeout=10)
            codes.add(code_of(call))
            time.sleep(0.1)
    assert codes <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    time.sleep(2)
    assert health(router) == health_pb2.HealthCheckResponse.SERVING
    ends = {code_of(call) for call in half_sent}
    assert ends == {grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED}


def test_a_half_sent_call_is_cancelled_when_a_later_call_finds_it_old(
    router: Sidecar, half_send: HalfSend
) -> None:
    (call,) = half_send(SET_WEIGHT, 1)
    assert health(router) == health_pb2.HealthCheckResponse.SERVING
    assert not call.done()
    time.sleep(2)
    assert health(router) == health_pb2.HealthCheckResponse.SERVING
    assert code_of(call) == grpc.StatusCode.CANCELLED


@pytest.mark.parametrize("method", [CHECK, WATCH])
def test_half_sent_health_checks_do_not_stop_others(
    router: Sidecar, half_send: HalfSend, method: str
) -> None:
    half_sent = half_send(method, 16)
    time.sleep(2)
    assert health(router) == health_pb2.HealthCheckResponse.SERVING
    assert {code_of(call) for call in half_sent} == {grpc.StatusCode.CANCELLED}


def test_a_half_sent_call_does_not_delay_the_end(router: Sidecar, half_send: HalfSend) -> None:
    (call,) = half_send(SET_WEIGHT, 1)
    router.process.terminate()
    assert router.process.wait(9) == 0, "ten seconds are for calls that work"
    assert code_of(call) in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


@pytest.mark.parametrize("method", [SET_WEIGHT, CHECK])
def test_a_call_that_ends_without_a_message_is_an_invalid_argument(router: Sidecar, method: str) -> None:
    with grpc.insecure_channel(router.unix) as channel:
        call: Any = channel.stream_unary(method)
        with pytest.raises(grpc.RpcError) as caught:
            call(iter(()), timeout=10)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_health_can_be_watched(router: Sidecar) -> None:
    with grpc.insecure_channel(router.unix) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=10)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        watch.cancel()
