"""Which bytes are a request, and what is left of other plugins' configuration."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors.request import InvalidConfig, InvalidRequest, UndecodableMessage
from elbv2_trafficrouter.rollout.decoding import MAX_BLOCK_BYTES, MAX_ROLLOUT_BYTES, decode

PLUGIN, OTHER = "trafficrouter/elbv2", "example/other"
METHODS = [
    *("InitPlugin", "UpdateHash", "SetWeight", "SetHeaderRoute", "SetMirrorRoute"),
    *("VerifyWeight", "RemoveManagedRoutes", "Type"),
]


def blocks_of(request: Any) -> Any:
    return request.rollout.spec.strategy.canary.traffic_routing.plugins


def set_weight() -> pb.SetWeightRequest:
    request = pb.SetWeightRequest(desired_weight=10)
    request.additional_destinations.add(service_name="preview", weight=5)
    request.rollout.metadata.name = "was"
    request.rollout.metadata.annotations["note"] = "é"
    request.rollout.spec.strategy.canary.steps.add(set_weight=10)
    request.rollout.spec.strategy.canary.traffic_routing.max_traffic_weight = 1000
    request.rollout.status.current_step_index = 0
    blocks_of(request)[PLUGIN].struct_value["rules"] = [{"arn": "arn:aws:…"}]
    return request


def field(number: int, raw: bytes) -> bytes:
    """A field of bytes, as protobuf encodes it."""
    size, length = len(raw), b""
    while size > 0x7F:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + raw


def with_raw_block(plugin: str, raw: bytes) -> bytes:
    """A request with one more block of these bytes, which may be no valid Value."""
    encoded = field(1, plugin.encode()) + field(2, raw)
    message: Any = pb.SetWeightRequest.DESCRIPTOR
    numbers = []
    for name in ("rollout", "spec", "strategy", "canary", "traffic_routing", "plugins"):
        numbers.append(message.fields_by_name[name].number)
        message = message.fields_by_name[name].message_type
    for number in reversed(numbers):
        encoded = field(number, encoded)
    return set_weight().SerializeToString() + encoded


def nested_lists(depth: int) -> bytes:
    raw = b""
    for _ in range(depth):
        raw = field(Value.LIST_VALUE_FIELD_NUMBER, field(1, raw))
    return raw


def large_block() -> Value:
    value = Value()
    while value.ByteSize() <= MAX_BLOCK_BYTES:
        value.list_value.values.extend([Value(bool_value=True)] * 1000)
    return value


@pytest.mark.parametrize("method", METHODS)
def test_a_request_is_decoded_as_it_is(method: str) -> None:
    request = getattr(pb, f"{method}Request")()
    if "rollout" in request.DESCRIPTOR.fields_by_name:
        request.rollout.CopyFrom(set_weight().rollout)
    decoded = decode(method, request.SerializeToString(), PLUGIN)
    assert type(decoded) is type(request)
    assert decoded == request


def test_every_other_field_is_kept() -> None:
    request = set_weight()
    assert decode("SetWeight", request.SerializeToString(), PLUGIN) == request


def test_an_empty_request_is_decoded() -> None:
    assert decode("SetWeight", b"", PLUGIN) == pb.SetWeightRequest()


def test_of_other_plugins_only_the_name_is_left() -> None:
    request = set_weight()
    blocks_of(request)[OTHER].list_value.values.add().string_value = "mine"
    decoded = decode("SetWeight", request.SerializeToString(), PLUGIN)
    assert dict(blocks_of(decoded)) == {PLUGIN: blocks_of(request)[PLUGIN], OTHER: Value()}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(nested_lists(48), id="48 lists in each other"),
        pytest.param(nested_lists(500), id="500 lists in each other"),
        pytest.param(b"\x1a\x7d" + b"\xff" * 125, id="text that is not UTF-8"),
        pytest.param(b"\xff" * 127, id="noise"),
    ],
)
def test_whatever_another_plugin_has_in_its_block_does_not_matter(raw: bytes) -> None:
    request = set_weight()
    encoded = with_raw_block(OTHER, raw)
    decoded = decode("SetWeight", encoded, PLUGIN)
    assert blocks_of(decoded)[PLUGIN] == blocks_of(request)[PLUGIN]
    assert blocks_of(decoded)[OTHER] == Value()
    assert decoded.desired_weight == 10


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xff" * 64, id="noise"),
        pytest.param(b"\x0a\x05\x0a\x03\x0a\x01\xff", id="a name that is not UTF-8"),
        pytest.param(set_weight().SerializeToString()[:-1], id="cut off"),
        pytest.param(with_raw_block(PLUGIN, nested_lists(500)), id="own block nested too deeply"),
    ],
)
def test_bytes_that_are_not_a_request_are_refused(raw: bytes) -> None:
    with pytest.raises(UndecodableMessage, match="are not a valid SetWeightRequest"):
        decode("SetWeight", raw, PLUGIN)


def test_a_large_block_is_refused_before_its_values_exist() -> None:
    request = set_weight()
    blocks_of(request)[PLUGIN].CopyFrom(large_block())
    with pytest.raises(InvalidConfig, match=r"^plugins\['trafficrouter/elbv2'\] is larger than 64 KiB\. "):
        decode("SetWeight", request.SerializeToString(), PLUGIN)


def test_a_large_block_of_another_plugin_does_not_matter() -> None:
    request = set_weight()
    for number in range(12):
        blocks_of(request)[f"{OTHER}-{number}"].CopyFrom(large_block())
    encoded = request.SerializeToString()
    assert len(encoded) > MAX_ROLLOUT_BYTES
    assert decode("SetWeight", encoded, PLUGIN).desired_weight == 10


def test_a_large_rollout_is_refused() -> None:
    request = set_weight()
    for _ in range(MAX_ROLLOUT_BYTES // 2):
        request.rollout.spec.strategy.canary.steps.add()
    with pytest.raises(InvalidRequest, match=r"^rollout is larger than 512 KiB, not counting other plugins"):
        decode("SetWeight", request.SerializeToString(), PLUGIN)
