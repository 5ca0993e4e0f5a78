"""Batches of rule changes, as a client observes them: its requests, its reads and its registrations."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from elbv2_emulator import Emulator
from elbv2_emulator.state.timing import Timing
from support.emulator.backends import STABLE
from support.router.clock import StandingClock

PATH = "/petclinic/"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def emulator(started: ExitStack, clock: StandingClock) -> Emulator:
    return started.enter_context(Emulator(clock=clock, timing=Timing()))


def answers(status: int) -> list[Any]:
    return [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": str(status)}}]


def test_rules_of_one_batch_take_effect_together(
    *, emulator: Emulator, elbv2: Any, petclinic: Any, clock: StandingClock, get: Callable[..., Any]
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=answers(201))
    emulator.timing.data_plane_batch_seconds = 10

    def statuses() -> list[int]:
        return [get(path)[0] for path in (PATH, "/vets", "/")]

    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=answers(202))
    clock.now += 6
    elbv2.create_rule(
        ListenerArn=petclinic.listener,
        Priority=2,
        Conditions=[{"Field": "path-pattern", "Values": ["/vets"]}],
        Actions=answers(203),
    )
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=answers(204))
    clock.now += 3.9
    assert statuses() == [201, 404, 404]
    clock.now += 0.1
    assert statuses() == [202, 203, 204]
    elbv2.delete_rule(RuleArn=petclinic.rule)
    clock.now += 9.9
    assert statuses() == [202, 203, 204]
    clock.now += 0.1
    assert statuses() == [204, 203, 204]


def test_a_registration_follows_its_own_lag_while_a_batch_is_open(
    *,
    emulator: Emulator,
    elbv2: Any,
    petclinic: Any,
    clock: StandingClock,
    backends: Any,
    control: Any,
    get: Callable[..., Any],
    wait_healthy: Any,
) -> None:
    backend = backends.start(text="1.0.0")
    control("PUT", "addresses", {f"{STABLE}:8080": backend.address})
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    emulator.timing.data_plane_batch_seconds, emulator.timing.registration_lag_seconds = 10, 3
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=answers(204))
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE}])
    clock.now += 2.9
    (target,) = elbv2.describe_target_health(TargetGroupArn=petclinic.stable)["TargetHealthDescriptions"]
    assert (target["TargetHealth"]["Reason"], backend.checks) == ("Elb.RegistrationInProgress", [])
    clock.now += 0.1
    wait_healthy(petclinic.stable)
    assert (get(PATH), get("/")[0]) == ((200, "1.0.0"), 404)
    clock.now += 6.9
    assert get("/")[0] == 404
    clock.now += 0.1
    assert get("/")[0] == 204


def test_a_group_serves_until_the_batch_that_removes_it_ends(
    *,
    emulator: Emulator,
    elbv2: Any,
    petclinic: Any,
    clock: StandingClock,
    served: Any,
    get: Callable[..., Any],
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    emulator.timing.data_plane_batch_seconds = 10
    elbv2.modify_rule(
        RuleArn=petclinic.rule, Actions=[{"Type": "forward", "TargetGroupArn": petclinic.canary}]
    )
    (target,) = elbv2.describe_target_health(TargetGroupArn=petclinic.stable)["TargetHealthDescriptions"]
    assert target["TargetHealth"]["Reason"] == "Target.NotInUse"
    clock.now += 9.9
    elbv2.describe_rules(RuleArns=[petclinic.rule])  # brings the state up to date
    assert get(PATH) == (200, "1.0.0")
    clock.now += 0.1
    assert get(PATH) == (200, "1.0.1")
    assert served["stable"].requests


def test_a_group_is_checked_until_the_batch_that_removes_it_ends(
    *, emulator: Emulator, elbv2: Any, petclinic: Any, clock: StandingClock, served: Any
) -> None:
    emulator.timing.data_plane_batch_seconds = 40
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=answers(202))
    before = len(served["stable"].checks)
    clock.now += 30  # the interval of the checks
    deadline = time.monotonic() + 10
    while len(served["stable"].checks) == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.undocumented
def test_a_group_that_is_deleted_before_the_batch_ends_answers_503(
    *,
    emulator: Emulator,
    elbv2: Any,
    petclinic: Any,
    clock: StandingClock,
    control: Any,
    get: Callable[..., Any],
) -> None:
    emulator.timing.data_plane_batch_seconds = 10
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=answers(202))
    elbv2.delete_target_group(TargetGroupArn=petclinic.stable)
    elbv2.delete_target_group(TargetGroupArn=petclinic.canary)
    assert get(PATH)[0] == 503
    entry = control("GET", "journal")[-1]
    assert entry["parameters"]["TargetGroupArn"] in {petclinic.stable, petclinic.canary}
    assert entry["undocumented"] == (
        "a request to a target group that was deleted before listeners applied the change of their rules"
    )
    clock.now += 10
    assert get(PATH)[0] == 202
