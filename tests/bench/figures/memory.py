"""What the sidecar remembers of many Rollouts, and what is left an hour after they were deleted."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.fleet.aws import Aws, aws
from bench.fleet.controller import CALL_SECONDS, Controller
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import router
from bench.report.figure import Figure
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router import movable_clock
from support.router.petclinic import REGION

NUMBERS = (10, 100, 1_000, 10_000)
_MOST_IN_A_REGION = 1_500  # AWS's quota of 3,000 target groups
_BALANCERS, _LISTENERS_EACH = 50, 6
_REGIONS = (REGION, "eu-west-2", "eu-west-3", "eu-north-1", "eu-south-1", "us-east-1", "us-east-2")
_HOUR_SECONDS = 3_601
_FEW, _WARM_UP = 5, 30  # changes of a few Rollouts, so that all threads and connections exist
_BACK_MEBIBYTES = 5.0
_PATIENCE_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident MiB of one sidecar: before, with so many Rollouts, and an hour after their last call."""

    number: int
    before: float
    during: float
    after: float


def memory(number: int, module: str = movable_clock.__name__) -> Memory:
    with aws() as account, tempfile.NamedTemporaryFile("w+") as clock:
        ahead = Path(clock.name)
        ahead.write_text("0")
        with (
            router(account.url, module, **{movable_clock.VARIABLE: clock.name}) as sidecar,
            sidecar.stub() as stub,
        ):
            regions = _REGIONS[: -(-number // _MOST_IN_A_REGION)]

            def set_weights(canaries: Sequence[Canary], weight: int) -> float:
                def set_weight(canary: Canary) -> None:
                    stub.SetWeight(canary.set_weight(weight), timeout=CALL_SECONDS)

                controller = Controller(set_weight)
                controller.add(canaries)
                assert controller.run(_PATIENCE_SECONDS), f"Some calls never succeeded: {controller.codes}"
                return sidecar.resident_mebibytes

            canaries = rollouts(
                account.url, number, _BALANCERS, listeners_each=_LISTENERS_EACH, regions=regions
            )
            for turn in range(_WARM_UP):
                before = set_weights(canaries[:_FEW], 10 + turn % 2)
            during = set_weights(canaries, 10)
            ahead.write_text(str(_HOUR_SECONDS))
            after = set_weights(canaries[:_FEW], 10)
            _assert_forgotten(canaries[-1], account, stub)
            return Memory(number, before, during, after)


def _assert_forgotten(canary: Canary, account: Aws, stub: pb_grpc.TrafficRouterStub) -> None:
    """It reads the rule: only its memory of the rule would save that. So the hour has passed for it."""
    account.forget_calls()
    stub.RemoveManagedRoutes(pb.RemoveManagedRoutesRequest(rollout=canary.set_weight(0).rollout))
    assert len(account.calls().of("DescribeRules")) > 0, "The sidecar remembers a deleted Rollout"


def figures(numbers: Sequence[int] = NUMBERS) -> Iterator[Figure]:
    for number in numbers:
        measured = memory(number)
        yield Figure(
            f"Resident memory an hour after {number:,} Rollouts were deleted: more than before",
            measured.after - measured.before,
            "MiB",
            most=_BACK_MEBIBYTES,
            beside=f"{measured.before:.1f}, with them {measured.during:.1f}, then {measured.after:.1f} MiB",
            points=[(number, each) for each in (measured.before, measured.during, measured.after)],
        )
