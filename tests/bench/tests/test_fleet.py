"""Rollouts in the emulator, the endpoint that never answers, and the controller's work queue."""

import itertools
import threading
import time
from collections import Counter

import boto3
import botocore.exceptions
import grpc
import pytest
from botocore.config import Config

from bench.fleet.black_hole import black_hole
from bench.fleet.controller import Controller
from bench.fleet.rollouts import Canary, rollouts
from elbv2_emulator import Emulator
from support.router.petclinic import client_of

CANARIES = [Canary("petclinic", f"was-{number}", "", "", "") for number in range(30)]


class Refused(grpc.RpcError):
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.RESOURCE_EXHAUSTED


def test_each_rollout_has_a_rule_with_the_weight() -> None:
    with Emulator() as emulator:
        canaries = rollouts(emulator.url, 12, 2, weight=30, listeners_each=3)
        elbv2 = client_of(emulator.url)
        assert len({canary.listener for canary in canaries}) == 6
        for canary in canaries:
            (rule,) = elbv2.describe_rules(RuleArns=[canary.rule])["Rules"]
            groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
            assert groups == [
                {"TargetGroupArn": canary.stable, "Weight": 70},
                {"TargetGroupArn": canary.canary, "Weight": 30},
            ]


def test_only_requests_with_the_text_are_not_answered() -> None:
    with Emulator() as emulator:
        near, far = rollouts(emulator.url, 2, 1, regions=("eu-west-1", "eu-central-1"))
        with black_hole(emulator.url, "/eu-central-1/") as url:
            elbv2 = client_of(url)
            assert len(elbv2.describe_rules(ListenerArn=near.listener)["Rules"]) == 2
            impatient = Config(read_timeout=0.2, retries={"total_max_attempts": 1})
            session = boto3.Session("any", "any", region_name="eu-central-1")
            hanging = session.client("elbv2", endpoint_url=url, config=impatient)
            with pytest.raises(botocore.exceptions.ReadTimeoutError):
                hanging.describe_rules(ListenerArn=far.listener)
            assert len(elbv2.describe_rules(ListenerArn=near.listener)["Rules"]) == 2


def test_ten_workers_reconcile_each_rollout_once() -> None:
    guard, working, most, seen = threading.Lock(), 0, 0, Counter[str]()
    together = threading.Barrier(10)

    def reconcile(canary: Canary) -> None:
        nonlocal working, most
        with guard:
            working, seen[canary.name] = working + 1, seen[canary.name] + 1
            most = max(most, working)
        together.wait(10)
        with guard:
            working -= 1

    controller = Controller(reconcile)
    controller.add(CANARIES)
    assert controller.run(20)
    assert seen == Counter(canary.name for canary in CANARIES)
    assert most == 10


def test_a_failed_reconcile_is_repeated_after_twice_the_time() -> None:
    tries: list[float] = []

    def reconcile(_: Canary) -> None:
        tries.append(time.monotonic())
        if len(tries) < 9:
            raise Refused

    controller = Controller(reconcile)
    controller.add(CANARIES[:1])
    assert controller.run(20)
    waits = [after - before for before, after in itertools.pairwise(tries)]
    assert [wait >= 0.001 * 2**number for number, wait in enumerate(waits)] == [True] * 8
    assert controller.codes == {"RESOURCE_EXHAUSTED": 8}


def test_a_run_ends_when_its_time_is_over() -> None:
    controller = Controller(lambda _: 0.01)
    controller.add(CANARIES)
    assert not controller.run(0.2)
