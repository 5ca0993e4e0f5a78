"""Large requests cost little memory, and nothing in another plugin's configuration matters."""

from typing import Any

import grpc
from google.protobuf.struct_pb2 import Value

from attack.memory import in_another_block, in_the_block, most_mebibytes
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import Petclinic
from support.router.sidecar import Sidecar, code_of

Stub = pb_grpc.TrafficRouterStub
MOST_MEBIBYTES = 200  # the container's limit is 256
LISTS = 48  # with the messages around them, more than a client in Python or C++ reads


def ten_at_once(stub: Stub, request: Any) -> list[Any]:
    calls: list[Any] = [stub.VerifyWeight.future(request, timeout=60) for _ in range(10)]
    assert all(code_of(call) for call in calls)
    return calls


def test_ten_large_blocks_at_once_are_refused_and_cost_little_memory(
    router: Sidecar, stub: Stub, clinic: Petclinic
) -> None:
    request: Any = clinic.verify_weight(0)
    in_the_block(request)
    for call in ten_at_once(stub, request):
        assert call.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert call.details().startswith("plugins['trafficrouter/elbv2'] is larger than 64 KiB. ")
    assert most_mebibytes(router.process.pid) < MOST_MEBIBYTES


def test_ten_large_blocks_of_another_plugin_at_once_do_not_matter(
    router: Sidecar, stub: Stub, clinic: Petclinic
) -> None:
    request: Any = clinic.verify_weight(0)
    in_another_block(request)
    assert {call.code() for call in ten_at_once(stub, request)} == {grpc.StatusCode.OK}
    assert most_mebibytes(router.process.pid) < MOST_MEBIBYTES


def test_a_deeply_nested_block_of_another_plugin_does_not_matter(stub: Stub, clinic: Petclinic) -> None:
    request = clinic.set_weight(10)
    value = Value(bool_value=True)
    for _ in range(LISTS):
        outer = Value()
        outer.list_value.values.append(value)
        value = outer
    request.rollout.spec.strategy.canary.traffic_routing.plugins["example/other"].CopyFrom(value)
    stub.SetWeight(request)
    assert clinic.weights() == {"stable": 90, "canary": 10}
