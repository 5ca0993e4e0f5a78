"""The time of one change of a weight, compared with the same two calls to AWS by boto3 alone."""

import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from bench.fleet.aws import aws
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import SHIPPED, router
from bench.report.figure import Figure, percentile
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from support.router.petclinic import client_of

LATENCIES = (0.0, 0.02, 0.05)
_MEDIAN_GOALS = {0.0: 1.4, 0.02: 1.05, 0.05: 1.05}
_P99_GOALS = {0.05: 1.25}
_RULES = 10
_WARM_UP = 10
_OTHER_WEIGHT = 30


def figures(module: str = SHIPPED, times: int = 1000) -> Iterator[Figure]:
    """Without throttling: neither AWS nor the sidecar's budget makes a change wait."""
    with aws() as account, router(account.url, module) as sidecar, sidecar.stub() as stub:
        ours, theirs, *_ = rollouts(account.url, _RULES, 1)
        elbv2 = client_of(account.url)

        def change(weight: int) -> None:
            (rule,) = stub.SetWeight(ours.set_weight(weight)).rules
            assert rule.changed

        def change_by_boto3(weight: int) -> None:
            elbv2.describe_rules(ListenerArn=theirs.listener)
            elbv2.modify_rule(RuleArn=theirs.rule, Actions=_forward(theirs, weight))

        change(_OTHER_WEIGHT - 1)  # the first one also reads the tags, which are then kept for a minute
        account.forget_calls()
        change(_OTHER_WEIGHT)
        rollout = ours.set_weight(_OTHER_WEIGHT).rollout
        stub.VerifyWeight(pb.VerifyWeightRequest(rollout=rollout, desired_weight=_OTHER_WEIGHT))
        yield Figure("AWS calls for one change and its verification", len(account.calls()))
        for latency in LATENCIES:
            account.delay(latency)
            pairs = _compared(change, change_by_boto3, times)
            yield from _ratios(latency, *pairs)


def _compared(
    one: Callable[[int], None], other: Callable[[int], None], times: int
) -> tuple[list[float], list[float]]:
    """The seconds of each, in turns: whatever else the machine does slows both down."""
    weights = cycle((10, 20))
    for weight in (next(weights) for _ in range(_WARM_UP)):
        one(weight)
        other(weight)
    taken: tuple[list[float], list[float]] = ([], [])
    for weight in (next(weights) for _ in range(times)):
        for act, seconds in zip((one, other), taken, strict=True):
            begun = time.perf_counter()
            act(weight)
            seconds.append(time.perf_counter() - begun)
    return taken


def _ratios(latency: float, ours: list[float], theirs: list[float]) -> Iterator[Figure]:
    for percent, goals in ((50, _MEDIAN_GOALS), (99, _P99_GOALS)):
        one, other = percentile(ours, percent), percentile(theirs, percent)
        yield Figure(
            f"One change ÷ boto3 alone, {latency * 1000:.0f} ms a call: p{percent}",
            one / other,
            most=goals.get(latency),
            beside=f"{one * 1000:.1f} ÷ {other * 1000:.1f} ms; n = {len(ours):,}",
        )


def _forward(canary: Canary, weight: int) -> Any:
    shares = ((canary.stable, 100 - weight), (canary.canary, weight))
    groups = [{"TargetGroupArn": group, "Weight": share} for group, share in shares]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
