"""Mutated messages over a sidecar's socket: `cd tests && ../.venv/bin/python -m attack.messages`.

No message may end the sidecar, cause INTERNAL, or make the sidecar write what the message does not ask for.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from attack.mutations import MUTATIONS
from attack.rollouts import METHODS, Ground, Request, ground, seeded, sidecar_on
from attack.wire import without_other_blocks
from attack.writes import Writes
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from support.router.sidecar import Sidecar

COUNT = 13_000
_ROLLOUTS = 4
_SECONDS = 30
_BETWEEN_VALID_REQUESTS = 500
_WRONG_CODES = {"INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "DATA_LOSS"}
"""None of them can be the fault of a message here: AWS answers at once, and nobody else calls."""
_NEVER_WRITE = {"VerifyWeight", "SetMirrorRoute", "UpdateHash", "InitPlugin", "Type"}


@dataclass(frozen=True, slots=True)
class Sent:
    number: int
    mutation: str
    request: Request
    raw: bytes
    code: str

    def __str__(self) -> str:
        return f"message {self.number}: {self.mutation} of {self.request.method}, {self.code}"


@dataclass
class Found:
    codes: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    wrong_codes: list[str] = field(default_factory=list)
    undue_writes: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.wrong_codes or self.undue_writes or self.crashes)


def attacked(count: int, seed: int) -> Found:
    with ground(_ROLLOUTS) as there, sidecar_on(there) as router:
        return _attacked(there, router, count, seeded(seed))


def _attacked(there: Ground, router: Sidecar, count: int, random: Random) -> Found:
    found, writes = Found(), Writes(there)
    with grpc.insecure_channel(router.unix) as channel:
        for sent in islice(_messages(there, channel, random), count):
            found.codes[sent.code] += 1
            if router.process.poll() is not None:
                found.crashes.append(f"{sent}: the sidecar ended with {router.process.returncode}")
                return found
            if sent.code in _WRONG_CODES:
                found.wrong_codes.append(str(sent))
            for write in writes.since_last_asked():
                found.writes += 1
                if reason := _reason_why_undue(writes, write, sent):
                    found.undue_writes.append(f"{sent}: {reason}: {write.action} {dict(write.parameters)}")
            writes.read_owners()
            if sent.number % _BETWEEN_VALID_REQUESTS == 0:
                _remove_routes_of_mutants(there, channel, writes, random)
                found.wrong_codes += _troubles_of_valid_requests(there, channel, random)
                writes.forget()
        _remove_routes_of_mutants(there, channel, writes, random)
        found.wrong_codes += _troubles_of_valid_requests(there, channel, random)
    # VerifyWeight answers NOT_VERIFIED even to an unexpected exception.
    found.wrong_codes += [str(entry) for entry in list(router.log) if entry.get("level") == "error"]
    return found


def _messages(there: Ground, channel: grpc.Channel, random: Random) -> Iterator[Sent]:
    number = 0
    while True:
        number += 1
        mutate = random.choice(MUTATIONS)
        request = random.choice(there.rollouts).any_request(random)
        raw = mutate(request, random.choice(there.rollouts).any_request(random), random)
        code, _ = _answer(channel, request, raw)
        yield Sent(number, mutate.__name__, request, raw, code)


def _answer(channel: grpc.Channel, request: Request, raw: bytes) -> tuple[str, str]:
    """The code and the error message."""
    send: Any = channel.unary_unary(request.path)
    try:
        send(raw, timeout=_SECONDS)
    except grpc.RpcError as error:
        failure: Any = error
        return str(failure.code().name), str(failure.details())
    return "OK", ""


def _reason_why_undue(writes: Writes, write: Any, sent: Sent) -> str:
    if sent.request.method in _NEVER_WRITE:
        return "the RPC never writes"
    if sent.code == "INVALID_ARGUMENT" and write.action != "DeleteRule":
        return "the message was refused as invalid"
    return writes.reason_why_undue(write, sent.raw, _rollout_of(sent))


def _rollout_of(sent: Sent) -> Any:
    """The Rollout that the message is about; None if the message is none."""
    message: Any = getattr(pb, f"{sent.request.method}Request")()
    for raw in (sent.raw, without_other_blocks(sent.raw)):
        try:
            message.ParseFromString(raw)
        except DecodeError:
            continue
        return message.rollout
    return None


def _remove_routes_of_mutants(there: Ground, channel: grpc.Channel, writes: Writes, random: Random) -> None:
    """Through the sidecar: it would not notice a deletion by somebody else for ten seconds."""
    for (namespace, name, uid), listener in writes.rules_of_mutants():
        beside = next(each for each in there.rollouts if writes.listener_of(each.named) == listener)
        request = beside.request("RemoveManagedRoutes", random)
        message: Any = request.message
        metadata = message.rollout.metadata
        metadata.namespace, metadata.name, metadata.uid = namespace, name, uid
        _answer(channel, request, message.SerializeToString())
    writes.forget()


def _troubles_of_valid_requests(there: Ground, channel: grpc.Channel, random: Random) -> Iterator[str]:
    """Whatever was sent before, valid requests succeed."""
    for rollout in there.rollouts:
        for method in METHODS:
            request = rollout.request(method, random)
            code, details = _answer(channel, request, request.message.SerializeToString())
            if code not in {"OK", "UNIMPLEMENTED"}:
                yield f"a valid {method}: {code}: {details}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="attack.messages", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="messages (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the mutations (default: %(default)s)")
    options = parser.parse_args(arguments)
    found = attacked(options.count, options.seed)
    for line in [*found.crashes, *found.wrong_codes, *found.undue_writes]:
        print(line[:2000])
    print(", ".join(f"{count} {code}" for code, count in found.codes.most_common()))
    print(
        f"{found.codes.total()} messages, {found.writes} writes: {len(found.crashes)} crashes, "
        f"{len(found.wrong_codes)} wrong codes, {len(found.undue_writes)} undue writes"
    )
    return 0 if found.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
