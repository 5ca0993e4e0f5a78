"""A request's bytes → its message, of which only this plugin's configuration is decoded.

The blocks of all plugins are in the Rollout. Decoding a block takes many times its size in memory, and fails
if the block is nested too deeply. So a part of the contract, in which a block is a string of bytes and which
knows only the way to the blocks, decodes the request first; it copies everything else as it is.
"""

from functools import cache
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors.request import InvalidConfig, InvalidRequest, UndecodableMessage
from elbv2_trafficrouter.rollout.config import plugin_path

MAX_BLOCK_BYTES = 64 * 1024
MAX_ROLLOUT_BYTES = 512 * 1024
_WAY = ("spec", "strategy", "canary", "traffic_routing", "plugins")


def decode(method: str, raw: bytes, plugin_name: str) -> Any:
    """The request of an RPC. The blocks of other plugins are empty.

    Raises UndecodableMessage, InvalidRequest and InvalidConfig.
    """
    request_class = getattr(pb, f"{method}Request")
    try:
        if "rollout" in request_class.DESCRIPTOR.fields_by_name:
            raw = _with_one_block(_skimming_classes()[f"{method}Request"].FromString(raw), plugin_name)
        return request_class.FromString(raw)
    except DecodeError as error:
        raise UndecodableMessage(method) from error


def _with_one_block(skimmed: Any, plugin_name: str) -> bytes:
    blocks = skimmed.rollout.spec.strategy.canary.traffic_routing.plugins
    for name in list(blocks):
        if name != plugin_name:
            blocks[name] = b""
        elif len(blocks[name]) > MAX_BLOCK_BYTES:
            raise InvalidConfig(
                plugin_path(plugin_name),
                f"is larger than {MAX_BLOCK_BYTES // 1024} KiB",
                "Remove what is not needed from it.",
            )
    encoded: bytes = skimmed.SerializeToString()
    if len(encoded) > MAX_ROLLOUT_BYTES:
        raise InvalidRequest(
            "rollout",
            f"is larger than {MAX_ROLLOUT_BYTES // 1024} KiB, not counting other plugins' configuration",
            "Remove large annotations.",
        )
    return encoded


@cache
def _skimming_classes() -> dict[str, type[Message]]:
    """The requests that have a Rollout, reduced to the way to the plugins' blocks, each of them bytes."""
    requests: list[Any] = [
        message
        for message in pb.DESCRIPTOR.message_types_by_name.values()
        if message.name.endswith("Request") and "rollout" in message.fields_by_name
    ]
    file = FileDescriptorProto(name="skimming.proto", package=pb.DESCRIPTOR.package, syntax="proto3")
    for message in requests:
        _reduce(message, "rollout", file)
    on_the_way: Any = pb.Rollout.DESCRIPTOR
    for name in _WAY:
        _reduce(on_the_way, name, file)
        on_the_way = on_the_way.fields_by_name[name].message_type
    pool = DescriptorPool()
    pool.Add(file)
    return {
        message.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(message.full_name))
        for message in requests
    }


def _reduce(message: Any, field: str, file: FileDescriptorProto) -> None:
    """Adds a message that has this field alone; a block in it is bytes."""
    complete = DescriptorProto()
    message.CopyToProto(complete)
    reduced = file.message_type.add(name=message.name)
    reduced.field.extend(each for each in complete.field if each.name == field)
    for entry in complete.nested_type:
        if entry.name == "PluginsEntry":
            added = reduced.nested_type.add()
            added.CopyFrom(entry)
            _, value = added.field
            value.type = FieldDescriptorProto.TYPE_BYTES
            value.ClearField("type_name")
