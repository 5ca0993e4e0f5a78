"""A protobuf message as a tree of its fields, to change what a client of the contract could not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from support.router.petclinic import PLUGIN

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}


@dataclass(slots=True)
class Field:
    number: int
    wire_type: int
    value: "int | bytes | Fields"

    @property
    def fields(self) -> "Fields":
        """The fields of a message; none for any other value."""
        return self.value if isinstance(self.value, list) else []

    def copy(self) -> Self:
        return replace(self, value=[field.copy() for field in self.fields] or self.value)


# From a request to the map of the plugins' blocks.
_WAY = (
    pb.SetWeightRequest.ROLLOUT_FIELD_NUMBER,
    pb.Rollout.SPEC_FIELD_NUMBER,
    pb.RolloutSpec.STRATEGY_FIELD_NUMBER,
    pb.RolloutStrategy.CANARY_FIELD_NUMBER,
    pb.CanaryStrategy.TRAFFIC_ROUTING_FIELD_NUMBER,
    pb.RolloutTrafficRouting.PLUGINS_FIELD_NUMBER,
)

Fields: TypeAlias = list[Field]
Place: TypeAlias = tuple[Fields, int]
"""A field, as its position among the fields around it."""


def decoded(raw: bytes, descriptor: Any = None) -> Fields:
    """The fields of a message: with a descriptor at any depth, otherwise only its own.

    Raises IndexError or KeyError if the message is not valid.
    """
    fields, position = Fields(), 0
    while position < len(raw):
        key, position = _varint(raw, position)
        number, wire_type = key >> 3, key & 7
        value: int | bytes | Fields
        if wire_type == VARINT:
            value, position = _varint(raw, position)
        else:
            if wire_type == BYTES:
                size, position = _varint(raw, position)
            else:
                size = _SIZES[wire_type]
            if position + size > len(raw):
                raise IndexError(position + size)
            value, position = raw[position : position + size], position + size
            inner = descriptor and descriptor.fields_by_number[number].message_type
            if wire_type == BYTES and inner is not None:
                value = decoded(value, inner)
        fields.append(Field(number, wire_type, value))
    return fields


def encoded(fields: Fields) -> bytes:
    raw = bytearray()
    for field in fields:
        raw += varint(field.number << 3 | field.wire_type)
        if isinstance(field.value, int):
            raw += varint(field.value)
            continue
        content = encoded(field.value) if isinstance(field.value, list) else field.value
        if field.wire_type == BYTES:
            raw += varint(len(content))
        raw += content
    return bytes(raw)


def places(fields: Fields) -> Iterator[Place]:
    """Each field at any depth."""
    for index, field in enumerate(fields):
        yield fields, index
        yield from places(field.fields)


def varint(number: int) -> bytes:
    """The number's last 64 bits."""
    number &= (1 << 64) - 1
    raw = bytearray()
    while number >= 0x80:
        raw.append(number & 0x7F | 0x80)
        number >>= 7
    raw.append(number)
    return bytes(raw)


def without_other_blocks(raw: bytes) -> bytes:
    """A request without the configuration of other plugins, which nobody but they decode.

    The request may be wrong anywhere; it is returned as it is if the way to the blocks can't be read.
    """
    try:
        return _without_other_blocks(raw, _WAY)
    except (IndexError, KeyError):
        return raw


def _without_other_blocks(raw: bytes, way: Sequence[int]) -> bytes:
    fields = decoded(raw)
    for field in fields:
        if field.number != way[0] or not isinstance(field.value, bytes) or field.wire_type != BYTES:
            continue
        if len(way) > 1:
            field.value = _without_other_blocks(field.value, way[1:])
        else:
            entry = decoded(field.value)
            key = [part.value for part in entry if part.number == 1][-1:]
            if key != [PLUGIN.encode()]:
                field.value = encoded([part for part in entry if part.number == 1])
    return encoded(fields)


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = raw[position]
        number |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return number, position
