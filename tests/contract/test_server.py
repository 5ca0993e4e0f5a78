"""The server itself: its sockets, its limits, its start and its end."""

import os
import queue
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from elbv2_trafficrouter.errors.call import TooManyCalls
from elbv2_trafficrouter.rpc.admission import ADMITTED, WORKING
from support.aws.proxy import Hold
from support.router.http2 import Http2
from support.router.petclinic import Petclinic
from support.router.sidecar import (
    CREDENTIALS,
    Sidecar,
    code_of,
    command,
    environment,
    sidecar,
    volume_directories,
    wait_until_arrived,
)

Stub = pb_grpc.TrafficRouterStub
Code = grpc.StatusCode
SET_WEIGHT = "/trafficrouter.v1.TrafficRouter/SetWeight"
MIB = 1024 * 1024


def test_both_addresses_answer(router: Sidecar) -> None:
    for address in (router.unix, router.tcp):
        with router.stub(address) as stub:
            stub.InitPlugin(pb.InitPluginRequest())
            stub.UpdateHash(pb.UpdateHashRequest(canary_hash="new", stable_hash="old"))
            assert stub.Type(pb.TypeRequest()).type == "elbv2"


def test_only_owner_and_group_may_connect(router: Sidecar) -> None:
    assert stat.S_IMODE(router.socket.stat().st_mode) == 0o660


def test_a_message_of_5_mib_is_refused(stub: Stub, clinic: Petclinic) -> None:
    request = clinic.set_weight(10)
    request.rollout.metadata.annotations["large"] = "x" * (5 * MIB)
    with pytest.raises(grpc.RpcError) as caught:
        stub.SetWeight(request)
    assert caught.value.code() == Code.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xff" * 64, id="noise"),
        pytest.param(b"\x0a\x05\x0a\x03\x0a\x01\xff", id="a name that is not UTF-8"),
    ],
)
def test_bytes_that_are_not_a_message_are_an_invalid_argument(router: Sidecar, raw: bytes) -> None:
    with grpc.insecure_channel(router.unix) as channel:
        call: Any = channel.unary_unary(SET_WEIGHT)
        with pytest.raises(grpc.RpcError) as caught:
            call(raw)
    assert caught.value.code() == Code.INVALID_ARGUMENT
    assert "The bytes sent to SetWeight are not a valid SetWeightRequest" in str(caught.value.details())


def test_64_mib_of_noise_close_only_their_own_connection(
    router: Sidecar, stub: Stub, clinic: Petclinic
) -> None:
    noise = os.urandom(64 * MIB)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(router.socket))
        with pytest.raises(OSError, match=r"Broken pipe|reset by peer"):
            connection.sendall(noise)
    stub.SetWeight(clinic.set_weight(10))
    assert clinic.weights() == {"stable": 90, "canary": 10}


def wait_until_every_thread_is_busy(stub: Any) -> None:
    """Returns once a call that needs no AWS waits as well."""
    while code_of(stub.Type.future(pb.TypeRequest(), timeout=0.2)) is Code.OK:
        continue


def test_health_answers_while_every_thread_waits_for_aws(
    clinic: Petclinic, router_behind: Callable[[Hold], Sidecar]
) -> None:
    hold = Hold("DescribeRules")
    router = router_behind(hold)
    with router.stub() as stub, grpc.insecure_channel(router.unix) as channel:
        calls = [stub.VerifyWeight.future(clinic.verify_weight(10)) for _ in range(2 * WORKING)]
        hold.wait_for(1)
        wait_until_every_thread_is_busy(stub)
        health: Any = health_pb2_grpc.HealthStub(channel)
        for service in ("", "trafficrouter.v1.TrafficRouter"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=1)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        assert sum(not call.done() for call in calls) >= WORKING
        hold.release()
        assert {code_of(call) for call in calls} == {Code.OK}


def test_idle_reflection_streams_do_not_block_calls(router: Sidecar, clinic: Petclinic) -> None:
    """A client keeps its stream open for as long as it likes."""
    with grpc.insecure_channel(router.unix) as channel, router.stub() as stub:
        reflect: Any = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
        idle = threading.Event()

        def asking() -> Iterator[reflection_pb2.ServerReflectionRequest]:
            yield reflection_pb2.ServerReflectionRequest(list_services="")
            idle.wait(20)

        streams = [reflect(asking(), timeout=20) for _ in range(16)]
        try:
            for stream in streams:
                next(stream)
            stub.SetWeight(clinic.set_weight(10), timeout=5)
            assert not any(stream.done() for stream in streams)
        finally:
            idle.set()
            for stream in streams:
                stream.cancel()
    assert clinic.weights() == {"stable": 90, "canary": 10}


def test_more_calls_than_64_at_once_are_refused_and_the_others_finish(
    clinic: Petclinic, router_behind: Callable[[Hold], Sidecar]
) -> None:
    """A client that floods the socket fills no memory with calls that wait."""
    surplus = 6
    hold = Hold("DescribeRules")
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with router_behind(hold).stub() as stub:
        for _ in range(ADMITTED + surplus):
            stub.VerifyWeight.future(clinic.verify_weight(10)).add_done_callback(ended.put)
        refused = [ended.get(timeout=20).result().reason for _ in range(surplus)]
        hold.release()
        finished = [ended.get(timeout=20).result().reason for _ in range(ADMITTED)]
        assert stub.Type(pb.TypeRequest()).type == "elbv2"
    assert set(refused) == {TooManyCalls().sentence}
    assert TooManyCalls().sentence not in finished


def test_a_client_that_pings_every_5_s_between_calls_stays_connected(router: Sidecar) -> None:
    """gRPC ends a connection at the third ping that comes too soon, by default within two hours.

    Two come at once, so that there is only one pause to wait for.
    """
    with Http2(router.socket) as client:
        for _ in range(3):
            client.ping()
        time.sleep(5.1)
        client.ping()
        client.settings()  # the connection is still there


def test_a_client_that_pings_without_a_pause_is_disconnected(router: Sidecar) -> None:
    with Http2(router.socket) as client, pytest.raises(ConnectionError):
        ping_without_end(client)


def test_sigterm_lets_calls_in_flight_finish(
    clinic: Petclinic, router_behind: Callable[[Hold], Sidecar]
) -> None:
    hold = Hold("DescribeRules")
    router = router_behind(hold)
    with router.stub() as stub:
        verify = stub.VerifyWeight.future(clinic.verify_weight(10))
        call = stub.SetWeight.future(clinic.set_weight(10))
        hold.wait_for(1)
        wait_until_arrived(stub)
        router.process.send_signal(signal.SIGTERM)
        router.wait_for_log("draining")
        hold.release()
        assert router.process.wait(20) == 0
        assert (code_of(call), code_of(verify)) == (Code.OK, Code.OK)
    assert clinic.weights() == {"stable": 90, "canary": 10}
    assert not router.socket.exists()


def test_a_second_server_on_the_same_socket_ends_with_a_sentence_and_the_first_goes_on(
    router: Sidecar, volumes: Path
) -> None:
    second = subprocess.run(
        command(volumes),
        env=environment("http://127.0.0.1:9"),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert second.returncode == 1
    sentence = f"Another server listens on {router.socket}. Stop it, or choose another --listen."
    assert second.stderr == f"elbv2-trafficrouter: {sentence}\n"
    with router.stub() as stub:
        stub.InitPlugin(pb.InitPluginRequest())


def test_a_second_server_on_the_same_port_ends_with_a_sentence(router: Sidecar) -> None:
    """Otherwise the kernel would distribute the clients over both."""
    with volume_directories() as other:
        second = subprocess.run(
            command(other, "--listen", router.tcp),
            env=environment("http://127.0.0.1:9"),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert second.returncode == 1
    *_, sentence = second.stderr.splitlines()
    assert sentence.startswith(f"elbv2-trafficrouter: Can't listen on {router.tcp}: ")
    assert sentence.endswith("Choose another --listen.")
    with router.stub(router.tcp) as stub:
        assert stub.Type(pb.TypeRequest()).type == "elbv2"


def test_after_a_kill_the_next_server_takes_over_the_socket(clinic: Petclinic, volumes: Path) -> None:
    variables = environment(clinic.url, **CREDENTIALS)
    with sidecar(volumes, variables) as first:
        first.end(signal.SIGKILL)
    assert first.socket.is_socket()
    with sidecar(volumes, variables) as second, second.stub() as stub:
        stub.SetWeight(clinic.set_weight(10))
    assert clinic.weights() == {"stable": 90, "canary": 10}


def test_each_write_and_each_failure_is_logged(router: Sidecar, clinic: Petclinic) -> None:
    with router.stub() as stub:
        stub.SetWeight(clinic.set_weight(10))
        with pytest.raises(grpc.RpcError):
            stub.SetWeight(clinic.set_weight(101))
    router.end()
    written, failed = (entry for entry in router.log if entry.get("method") == "SetWeight")
    assert written["written"] == {clinic.rule: {"was-stable": 90, "was-canary": 10}}
    assert (written["namespace"], written["rollout"], written["desired_weight"]) == ("petclinic", "was", 10)
    assert (failed["level"], failed["code"]) == ("warning", "INVALID_ARGUMENT")


def test_each_created_or_removed_header_rule_is_logged(router: Sidecar, clinic: Petclinic) -> None:
    alice = {"headerName": "X-User", "headerValue": {"exact": "alice"}}
    with router.stub() as stub:
        (rule,) = stub.SetHeaderRoute(clinic.set_header_route("beta", alice)).rules
        stub.RemoveManagedRoutes(clinic.remove_managed_routes())
    router.end()
    done = {entry["method"]: entry for entry in router.log if "method" in entry}
    assert done["SetHeaderRoute"]["header_routes"] == {rule.rule_arn: "beta"}
    assert done["RemoveManagedRoutes"]["removed"] == [rule.rule_arn]


def ping_without_end(client: Http2) -> NoReturn:
    while True:
        client.ping()
