"""What may be wrong with a message: each mutation turns the bytes of a valid request into other bytes."""

from collections.abc import Callable
from random import Random
from typing import TypeAlias

from attack.rollouts import Request
from attack.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Field,
    Fields,
    Place,
    decoded,
    encoded,
    places,
    varint,
)
from support.router.petclinic import PLUGIN

Mutation: TypeAlias = Callable[[Request, Request, Random], bytes]
"""Gets the request, another valid one, usually of another Rollout and RPC, and the source of randomness."""

_HUGE = (
    0,
    -1,
    100,
    101,
    (1 << 31) - 1,
    -(1 << 31),
    1 << 32,
    (1 << 63) - 1,
    -(1 << 63),
    (1 << 64) - 1,
)
_DEPTHS = (10, 30, 47, 48, 99, 100, 1_000, 5_000)
_LONGEST = 200_000
_ODD = (
    b"",
    b" ",
    b"\0",
    b"a\0b",
    b"\n",
    b"\r\nX-Header: 1",
    b"\x1b[31m",
    b"%s%d%n%",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # a lone surrogate
    b"\xc0\xaf",  # an overlong encoding
    b"\xf4\x90\x80\x80",  # beyond the last code point
    "\u202eelur".encode(),
    "\u2028\u2029\u0085".encode(),
    "e\u0301\u0301\u0301".encode() * 50,
    "\U0001f469\u200d\U0001f4bb".encode(),
    "\ufeffpetclinic".encode(),
    "\uff21\uff32\uff2e".encode(),
    "\u0130\u0131\u017f\u212a".encode(),
    "\u0663".encode(),
    b"../../etc/passwd",
    b"arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/a/1/2/3",
    b"arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/net/a/1/2/3",
    b"arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:targetgroup/a/1",
    b"a" * _LONGEST,
    "\u00e4".encode() * _LONGEST,
)


def flipped_bits(request: Request, _other: Request, random: Random) -> bytes:
    raw = bytearray(_raw(request))
    for _ in range(random.randint(1, 8) if raw else 0):
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    return bytes(raw)


def truncated(request: Request, _other: Request, random: Random) -> bytes:
    raw = _raw(request)
    return raw[: random.randint(0, len(raw))]


def bytes_put_in(request: Request, _other: Request, random: Random) -> bytes:
    raw = _raw(request)
    position = random.randint(0, len(raw))
    return raw[:position] + random.randbytes(random.randint(1, 20)) + raw[position:]


def duplicated_field(request: Request, _other: Request, random: Random) -> bytes:
    def duplicate(fields: Fields, index: int) -> None:
        for _ in range(random.choice((1, 1, 1, 2, 200))):
            fields.insert(random.randint(0, len(fields)), fields[index].copy())

    return _changed(request, random, duplicate)


def missing_field(request: Request, _other: Request, random: Random) -> bytes:
    def remove(fields: Fields, index: int) -> None:
        del fields[index]

    return _changed(request, random, remove)


def wrong_type(request: Request, _other: Request, random: Random) -> bytes:
    values: list[tuple[int, int | bytes]] = [
        (VARINT, random.getrandbits(64)),
        (FIXED32, random.randbytes(4)),
        (FIXED64, random.randbytes(8)),
        (BYTES, random.randbytes(random.randint(0, 12))),
    ]

    def change(fields: Fields, index: int) -> None:
        if random.random() < 0.5:
            fields[index].number = random.choice((fields[index].number + 1, 1, 2, 3, 100, (1 << 29) - 1))
        else:
            fields[index].wire_type, fields[index].value = random.choice(values)

    return _changed(request, random, change)


def huge_value(request: Request, _other: Request, random: Random) -> bytes:
    def enlarge(fields: Fields, index: int) -> None:
        fields[index].value = random.choice(_HUGE)

    return _changed(request, random, enlarge, lambda field: isinstance(field.value, int))


def odd_text(request: Request, _other: Request, random: Random) -> bytes:
    def change(fields: Fields, index: int) -> None:
        old = fields[index].value
        assert isinstance(old, bytes)
        odd = random.choice(_ODD)
        fields[index].value = random.choice((odd, old + odd, odd + old, old[: len(old) // 2] + odd))

    return _changed(request, random, change, lambda field: isinstance(field.value, bytes))


def deep_json(request: Request, _other: Request, random: Random) -> bytes:
    """A block that is nested too deeply for protobuf's own limit, or nearly."""
    value = b""
    is_list = random.random() < 0.5
    for _ in range(random.choice(_DEPTHS)):
        value = _nested_list(value) if is_list else _nested_object(value)

    def replace(fields: Fields, index: int) -> None:
        fields[index].fields[1].value = value

    return _changed(request, random, replace, _is_block)


def large_json(request: Request, _other: Request, random: Random) -> bytes:
    """A block with a great many values."""
    count = random.choice((100, 10_000, 60_000))
    value = b"\x32" + _counted(b"\x0a\x02\x08\x00" * count)  # a list of nulls

    def replace(fields: Fields, index: int) -> None:
        fields[index].fields[1].value = value

    return _changed(request, random, replace, _is_block)


def part_of_another(request: Request, other: Request, random: Random) -> bytes:
    """The same field, but as another request has it: its name, its metadata, its block, its whole Rollout."""
    its = _tree(other)

    def swap(fields: Fields, index: int) -> None:
        same = [
            there[position]
            for there, position in places(its)
            if (there[position].number, there[position].wire_type, bool(there[position].fields))
            == (fields[index].number, fields[index].wire_type, bool(fields[index].fields))
        ]
        if same:
            fields[index] = random.choice(same).copy()

    return _changed(request, random, swap)


def two_requests_in_one(request: Request, other: Request, random: Random) -> bytes:
    """protobuf merges them."""
    parts = [_raw(request), _raw(other)]
    random.shuffle(parts)
    return b"".join(parts)


def request_of_another_rpc(_request: Request, other: Request, _random: Random) -> bytes:
    return _raw(other)


def no_message(_request: Request, _other: Request, random: Random) -> bytes:
    return random.randbytes(random.choice((0, 1, 10, 1000)))


MUTATIONS: tuple[Mutation, ...] = (
    flipped_bits,
    truncated,
    bytes_put_in,
    duplicated_field,
    missing_field,
    wrong_type,
    huge_value,
    odd_text,
    deep_json,
    large_json,
    part_of_another,
    two_requests_in_one,
    request_of_another_rpc,
    no_message,
)


def _raw(request: Request) -> bytes:
    return request.message.SerializeToString()


def _tree(request: Request) -> Fields:
    return decoded(_raw(request), request.message.DESCRIPTOR)


def _changed(
    request: Request,
    random: Random,
    change: Callable[[Fields, int], None],
    wanted: Callable[[Field], bool] = lambda _: True,
) -> bytes:
    """The request after `change` of one field, or of a few; unchanged if it has no such field."""
    tree = _tree(request)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        candidates: list[Place] = [(fields, index) for fields, index in places(tree) if wanted(fields[index])]
        if candidates:
            change(*random.choice(candidates))
    return encoded(tree)


def _is_block(field: Field) -> bool:
    names = (PLUGIN.encode(), b"example/other")
    return len(field.fields) == 2 and field.fields[0].value in names


def _nested_list(value: bytes) -> bytes:
    return b"\x32" + _counted(b"\x0a" + _counted(value))


def _nested_object(value: bytes) -> bytes:
    return b"\x2a" + _counted(b"\x0a" + _counted(b"\x0a\x01k\x12" + _counted(value)))


def _counted(content: bytes) -> bytes:
    return varint(len(content)) + content
