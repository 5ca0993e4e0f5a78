"""Shares of 20,000 real requests, with bounds that a correct emulator misses once in a million runs."""

import asyncio
from collections import Counter
from itertools import accumulate
from math import exp, lgamma, log

import pytest

from support.emulator import quick
from support.emulator.traffic import NEW, OLD, traffic
from support.router.petclinic import control

REQUESTS = 20_000
UNLIKELY = 1e-6


def bounds(requests: int, share: float, unlikely: float) -> tuple[int, int]:
    """The lowest and the highest count that are not unlikely, by the binomial distribution."""
    ways = lgamma(requests + 1)
    odds = [
        exp(
            ways - lgamma(count + 1) - lgamma(requests - count + 1)
            + count * log(share) + (requests - count) * log(1 - share)
        )
        for count in range(requests + 1)
    ]  # fmt: skip
    below = sum(tail < unlikely / 2 for tail in accumulate(odds))
    above = sum(tail < unlikely / 2 for tail in accumulate(reversed(odds)))
    return below, requests - above


def test_the_bounds_are_those_of_the_binomial_distribution() -> None:
    assert bounds(10, 0.5, 0.01) == (1, 9)  # 1/1024 is less than 0.005, 11/1024 is not
    low, high = bounds(REQUESTS, 0.1, UNLIKELY)
    assert (low, high) == (1796, 2211)


def test_each_of_two_rules_distributes_its_requests_by_its_own_weights() -> None:
    paths = ["/petclinic/", "/vets/"] * (REQUESTS // 2)

    async def run() -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
        async with traffic() as on:
            clinic = on.clinic
            (vets,) = clinic.client.create_rule(
                ListenerArn=clinic.listener,
                Priority=2,
                Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/vets*"]}}],
                Actions=on.forward(10, 90),
            )["Rules"]
            answers = await quick.get(on.address, [(path, "") for path in paths])
            rules = {clinic.rule: "/petclinic/", vets["RuleArn"]: "/vets/"}
            counted = {
                (rules[row["rule"]], row["version"]): row["requests"]
                for row in control(clinic.url, "GET", "counts")["total"]
            }
            versions = [answer["x-version"][0] for answer in answers]
            return Counter(zip(paths, versions, strict=True)), Counter(counted)

    observed, counted = asyncio.run(run())
    assert observed == counted
    low, high = bounds(REQUESTS // 2, 0.1, UNLIKELY / 2)
    assert low <= observed["/petclinic/", NEW] <= high
    assert low <= observed["/vets/", OLD] <= high
    assert observed.total() == REQUESTS


@pytest.mark.timeout(400)  # it took 50 s on a loaded machine
def test_new_clients_are_distributed_by_weight_and_then_stay_on_their_group() -> None:
    async def run() -> tuple[list[quick.Answered], list[quick.Answered]]:
        async with traffic() as on:
            rule, actions = on.clinic.rule, on.forward(90, 10, sticky_seconds=3600)
            on.clinic.client.modify_rule(RuleArn=rule, Actions=actions)
            first = await quick.get(on.address, [("/petclinic/", "")] * REQUESTS)
            cookies = [answer["set-cookie"][0].partition(";")[0] for answer in first]
            return first, await quick.get(on.address, [("/petclinic/", cookie) for cookie in cookies])

    first, second = ([answer["x-version"][0] for answer in answers] for answers in asyncio.run(run()))
    low, high = bounds(REQUESTS, 0.1, UNLIKELY)
    assert low <= first.count(NEW) <= high
    assert first.count(NEW) + first.count(OLD) == REQUESTS
    assert second == first
