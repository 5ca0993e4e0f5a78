"""6 of 12 Rollouts are behind an endpoint that never answers. The others must not wait for them."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle

from bench.fleet.aws import aws
from bench.fleet.black_hole import black_hole
from bench.fleet.controller import CALL_SECONDS, Controller
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import SHIPPED, router
from bench.report.figure import Figure, percentile
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import REGION

_EACH = 6
_ROUNDS = 4
_LATENCY_SECONDS = 0.02
_PAUSE_SECONDS = 0.05
_ELSEWHERE = "eu-central-1"
_ALL_HANG_SECONDS = 0.5


def figures(module: str = SHIPPED, changes: int = 50) -> Iterator[Figure]:
    """`changes`: of each Rollout in each round."""
    for where, regions, balancers in (
        ("a region", (REGION, _ELSEWHERE), _EACH),
        ("load balancers", (REGION,), 2 * _EACH),
    ):
        with aws() as account:
            canaries = rollouts(account.url, 2 * _EACH, balancers, regions=regions)
            account.delay(_LATENCY_SECONDS)
            healthy, hanging = canaries[::2], canaries[1::2]
            texts = [f"/{_ELSEWHERE}/"] if len(regions) > 1 else [_balancer(each) for each in hanging]
            with (
                black_hole(account.url, *texts) as url,
                router(url, module) as sidecar,
                sidecar.stub() as stub,
            ):
                alone, beside = _compared(stub, healthy, hanging, changes)
        one, other = percentile(beside, 99), percentile(alone, 99)
        yield Figure(
            f"{_EACH} of {2 * _EACH} Rollouts behind {where} without answers: the others' p99 ÷ alone",
            one / other,
            most=1.5,
            beside=f"{one * 1000:.0f} ÷ {other * 1000:.0f} ms; n = {len(beside):,}",
        )


def _balancer(canary: Canary) -> str:
    """The part of an ARN that names the load balancer: app/NAME/ID."""
    return canary.rule.partition("listener-rule/")[2].rpartition("/")[0].rpartition("/")[0]


def _compared(
    stub: pb_grpc.TrafficRouterStub, healthy: Sequence[Canary], hanging: Sequence[Canary], changes: int
) -> tuple[list[float], list[float]]:
    """The seconds of the healthy Rollouts' changes alone and beside the others, in turns."""
    alone, beside = list[float](), list[float]()
    _change_all(stub, healthy, 2)
    for _ in range(_ROUNDS):
        alone += _change_all(stub, healthy, changes)
        with _hang(stub, hanging):
            beside += _change_all(stub, healthy, changes)
    return alone, beside


@contextmanager
def _hang(stub: pb_grpc.TrafficRouterStub, canaries: Sequence[Canary]) -> Iterator[None]:
    """The controller asks for a change of these while the block runs, and again after each failure."""

    def change(canary: Canary) -> None:
        stub.SetWeight(canary.set_weight(10), timeout=CALL_SECONDS)

    controller = Controller(change)
    controller.add(canaries)
    with controller.running():
        time.sleep(_ALL_HANG_SECONDS)
        yield
    assert controller.codes, "No call has failed"


def _change_all(stub: pb_grpc.TrafficRouterStub, canaries: Sequence[Canary], changes: int) -> list[float]:
    with ThreadPoolExecutor(len(canaries)) as threads:
        taken = threads.map(lambda canary: _change(stub, canary, changes), canaries)
        return [seconds for each in taken for seconds in each]


def _change(stub: pb_grpc.TrafficRouterStub, canary: Canary, changes: int) -> list[float]:
    taken = []
    for weight, _ in zip(cycle((10, 20)), range(changes), strict=False):
        begun = time.perf_counter()
        stub.SetWeight(canary.set_weight(weight))
        taken.append(time.perf_counter() - begun)
        time.sleep(_PAUSE_SECONDS)
    return taken
