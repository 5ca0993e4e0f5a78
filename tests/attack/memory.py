"""Ten large requests at once: the sidecar's memory, and the time of a small call beside them.

`cd tests && ../.venv/bin/python -m attack.memory`
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from elbv2_emulator import Emulator
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from support.router.petclinic import PLUGIN, Petclinic, petclinic
from support.router.sidecar import CREDENTIALS, Sidecar, environment, sidecar, volume_directories

_AT_ONCE = 10
ROUNDS = 5
MOST_MEBIBYTES = 200
MOST_SECONDS = 0.5
_LARGEST_BYTES = 1024 * 1024 - 10_000


def in_the_block(request: pb.SetWeightRequest) -> None:
    fill_with_empty_objects(request, PLUGIN)


def in_another_block(request: pb.SetWeightRequest) -> None:
    fill_with_empty_objects(request, "example/other")


def fill_with_empty_objects(request: pb.SetWeightRequest, plugin: str) -> None:
    block = request.rollout.spec.strategy.canary.traffic_routing.plugins[plugin]
    block.list_value.values.add().struct_value.SetInParent()
    values = block.list_value.values
    one = values[0].ByteSize() + 2
    for _ in range(_LARGEST_BYTES // one - 1):
        values.add().struct_value.SetInParent()


def in_steps(request: pb.SetWeightRequest) -> None:
    steps = request.rollout.spec.strategy.canary.steps
    for _ in range(_LARGEST_BYTES // 2):
        steps.add()


def in_annotations(request: pb.SetWeightRequest) -> None:
    for number in range(_LARGEST_BYTES // 14):
        request.rollout.metadata.annotations[f"{number:x}"] = ""


CASES: dict[str, Callable[[pb.SetWeightRequest], None]] = {
    "empty objects in the plugin's block": in_the_block,
    "empty objects in another plugin's block": in_another_block,
    "empty steps": in_steps,
    "empty annotations": in_annotations,
}


@dataclass(frozen=True)
class Measured:
    codes: set[str]
    mebibytes: float
    seconds: float  # of the slowest small call


def most_mebibytes(pid: int) -> float:
    """The most memory that the process has ever used."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@contextmanager
def started() -> Iterator[tuple[Sidecar, Petclinic]]:
    with Emulator() as emulator, volume_directories() as volumes:
        clinic = petclinic(emulator.url, priority=10)
        with sidecar(volumes, environment(clinic.url, **CREDENTIALS)) as router:
            yield router, clinic


def measured(fill: Callable[[pb.SetWeightRequest], None], rounds: int) -> Measured:
    with started() as (router, clinic):
        request = clinic.set_weight(10)
        fill(request)
        raw = request.SerializeToString()
        slowest = 0.0
        done = threading.Event()

        def call_meanwhile() -> None:
            nonlocal slowest
            with router.stub(router.tcp) as stub:
                while not done.is_set():
                    begun = time.monotonic()
                    stub.VerifyWeight(clinic.verify_weight(0), timeout=20)
                    slowest = max(slowest, time.monotonic() - begun)

        innocent = threading.Thread(target=call_meanwhile)
        innocent.start()
        codes = set()
        with grpc.insecure_channel(router.unix) as channel:
            send: Any = channel.unary_unary("/trafficrouter.v1.TrafficRouter/SetWeight")
            for _ in range(rounds):
                calls = [send.future(raw, timeout=30) for _ in range(_AT_ONCE)]
                for call in calls:
                    call.exception()
                    codes.add(call.code().name)
        done.set()
        innocent.join()
        return Measured(codes, most_mebibytes(router.process.pid), slowest)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="attack.memory", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of ten requests (default: %(default)s)")
    options = parser.parse_args(arguments)
    failed = False
    for name, fill in CASES.items():
        result = measured(fill, options.rounds)
        failed |= result.mebibytes > MOST_MEBIBYTES or result.seconds > MOST_SECONDS
        codes = ", ".join(sorted(result.codes))
        print(f"{name:40} {result.mebibytes:4.0f} MiB {result.seconds:6.3f} s  {codes}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
