"""A sidecar's memory over many calls: `cd tests && ../.venv/bin/python -m attack.calls`."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import grpc

from attack.rollouts import RolloutOnARule, ground, seeded, sidecar_on

COUNT = 100_000
_ROLLOUTS = 8
_CLIENTS = 4
WARM_UP = 10_000
_STEPS = 10
MOST_MEBIBYTES_OF_GROWTH = 2
_SECONDS = 30


@dataclass(frozen=True)
class Measured:
    mebibytes: list[float]
    """After the warm-up, and after each step from there on."""
    codes: Counter[str]

    @property
    def growth(self) -> float:
        return self.mebibytes[-1] - self.mebibytes[0]


def resident_mebibytes(pid: int) -> float:
    (line,) = (
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1024


def measured(count: int, seed: int) -> Measured:
    """Several clients at once make a controller's calls, each for Rollouts of its own."""
    warm_up = min(WARM_UP, count // 2)
    parts = [warm_up, *[(count - warm_up) // _STEPS] * _STEPS]
    mebibytes, codes = list[float](), Counter[str]()
    with ground(_ROLLOUTS) as there, sidecar_on(there) as router, ThreadPoolExecutor(_CLIENTS) as threads:
        clients = [
            _codes(router.unix, there.rollouts[number::_CLIENTS], seeded(seed + number))
            for number in range(_CLIENTS)
        ]
        for part in parts:
            for counted in threads.map(_counted, clients, [part // _CLIENTS] * _CLIENTS):
                codes += counted
            mebibytes.append(resident_mebibytes(router.process.pid))
            router.log.clear()
            print(f"{codes.total():7} calls {mebibytes[-1]:6.1f} MiB", flush=True)
    return Measured(mebibytes, codes)


def _codes(address: str, rollouts: Sequence[RolloutOnARule], random: Random) -> Iterator[str]:
    """The code of each call, without end."""
    with grpc.insecure_channel(address) as channel:
        while True:
            request = random.choice(rollouts).any_request(random)
            send: Any = channel.unary_unary(request.path)
            try:
                send(request.message.SerializeToString(), timeout=_SECONDS)
            except grpc.RpcError as error:
                failure: Any = error
                yield failure.code().name
            else:
                yield "OK"


def _counted(codes: Iterator[str], count: int) -> Counter[str]:
    return Counter(next(codes) for _ in range(count))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="attack.calls", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="calls (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the calls (default: %(default)s)")
    options = parser.parse_args(arguments)
    result = measured(options.count, options.seed)
    codes = ", ".join(f"{count} {code}" for code, count in result.codes.most_common())
    print(f"{result.growth:.1f} MiB of growth after the warm-up; {codes}")
    failed = result.growth > MOST_MEBIBYTES_OF_GROWTH or result.codes["INTERNAL"] or result.codes["UNKNOWN"]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
