"""How checks and time move a target's health: values in, values out."""

import math
from dataclasses import replace
from typing import Any

import pytest

from elbv2_emulator.state import target_health as health
from elbv2_emulator.state.resources import Checks, Listener, Rule, State, Target, TargetGroup
from elbv2_emulator.state.target_health import CHECKING, DISABLED, FAILED, REGISTERING, TIMED_OUT, Check

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/was-stable/0123456789abcdef"
KEY = ("10.64.0.3", 8080)
SETTINGS: dict[str, Any] = {
    "HealthCheckEnabled": True,
    "HealthCheckPort": "traffic-port",
    "HealthCheckIntervalSeconds": 30,
    "HealthyThresholdCount": 3,
    "UnhealthyThresholdCount": 2,
    "Matcher": {"HttpCode": "200,300-302"},
}
ARRIVED = Target(*KEY, registration=7, exists_from=100.0)


def a_state(target: Target, *, in_use: bool = True, **settings: Any) -> State:
    group = TargetGroup(ARN, "was-stable", {**SETTINGS, **settings}, {}, {KEY: target})
    forward = {"Type": "forward", "TargetGroupArn": ARN}
    rule = Rule("rule", "listener", 1, (), (forward,))
    return State(
        listeners={"listener": Listener("listener", "balancer", "HTTP", 80, {})},
        rules={"rule": rule} if in_use else {},
        target_groups={ARN: group},
    )


def the_target(state: State) -> Target | None:
    return state.target_groups[ARN].targets.get(KEY)


@pytest.mark.parametrize(
    ("outcomes", "states"),
    [
        pytest.param("P", "H", id="healthy after one"),
        pytest.param("FP", "IH", id="also when one has failed before"),
        pytest.param("FF", "IU", id="never healthy"),
        pytest.param("PFPFP", "HHHHH", id="failures must follow one another"),
        pytest.param("PFF", "HHU", id="unhealthy by threshold"),
        pytest.param("FFPPP", "IUUUH", id="recovery by threshold"),
        pytest.param("FFPPFPPP", "IUUUUUUH", id="recoveries must follow one another"),
    ],
)
def test_checks_move_a_target(outcomes: str, states: str) -> None:
    checks, seen = CHECKING, ""
    for outcome in outcomes:
        checks = health.after(checks, None if outcome == "P" else FAILED, SETTINGS)
        seen += checks.state[0].upper()
    assert seen == states


@pytest.mark.parametrize(
    ("codes", "status", "passes"),
    [
        ("200", 200, True),
        ("200", 204, False),
        ("200,202", 202, True),
        ("200,202", 201, False),
        ("200-299", 299, True),
        ("200-299", 300, False),
        ("200,300-302", 301, True),
    ],
)
def test_an_answer_is_judged_by_the_matcher(codes: str, status: int, *, passes: bool) -> None:
    failure = health.judged(status, {"Matcher": {"HttpCode": codes}})
    assert (failure is None) == passes
    if failure is not None:
        assert failure.reason == "Target.ResponseCodeMismatch"
        assert failure.description == f"Health checks failed with these codes: [{status}]"


def test_an_unhealthy_target_tells_of_its_last_failure() -> None:
    state = health.settled(a_state(ARRIVED), 100)
    for outcome in (404, TIMED_OUT):
        (check,) = health.due(state, math.inf)
        state = health.with_result(state, check, 100, outcome)
    target = the_target(state)
    assert target is not None
    assert health.described(target, in_use=True) == {
        "State": "unhealthy",
        "Reason": "Target.Timeout",
        "Description": "Request timed out",
    }


def test_the_next_check_begins_an_interval_after_the_last_began() -> None:
    state = health.settled(a_state(ARRIVED), 100)
    (check,) = health.due(state, 100)
    assert check == Check(ARN, KEY, 7, 8080)
    state = health.with_result(state, check, 100, 200)
    assert list(health.due(state, 129.9)) == []
    assert list(health.due(state, 130)) == [check]
    assert health.upcoming(state, 110) == 130


def test_the_result_of_an_earlier_registrations_check_is_not_heeded() -> None:
    state = health.settled(a_state(replace(ARRIVED, registration=8)), 100)
    assert health.with_result(state, Check(ARN, KEY, 7, 8080), 100, 200) is state


@pytest.mark.parametrize(
    ("before", "settings", "in_use", "now", "expected"),
    [
        pytest.param(REGISTERING, {}, True, 99, REGISTERING, id="its registration has not come through"),
        pytest.param(REGISTERING, {}, True, 100, CHECKING, id="it exists"),
        pytest.param(REGISTERING, {}, False, 100, REGISTERING, id="nobody uses it"),
        pytest.param(Checks("healthy"), {}, False, 100, REGISTERING, id="nobody uses it any more"),
        pytest.param(Checks("healthy"), {}, True, 100, Checks("healthy"), id="nothing happens"),
        pytest.param(
            REGISTERING, {"HealthCheckEnabled": False}, True, 100, DISABLED, id="checks are disabled"
        ),
        pytest.param(DISABLED, {}, True, 100, CHECKING, id="checks are enabled"),
    ],
)
def test_time_moves_a_target(
    *, before: Checks, settings: dict[str, Any], in_use: bool, now: float, expected: Checks
) -> None:
    state = a_state(replace(ARRIVED, checks=before), in_use=in_use, **settings)
    moved = health.settled(state, now)
    target = the_target(moved)
    assert target is not None
    assert target.checks == expected
    assert (moved is state) == (before == expected)
    assert bool(list(health.due(moved, now))) == (expected not in {REGISTERING, DISABLED})


def test_without_health_checks_a_target_is_unavailable() -> None:
    target = the_target(health.settled(a_state(ARRIVED, HealthCheckEnabled=False), 100))
    assert target is not None
    assert health.described(target, in_use=True) == {
        "State": "unavailable",
        "Reason": "Target.HealthCheckDisabled",
        "Description": "Health checks are not enabled for this target",
    }


def test_a_target_drains_until_its_time_and_is_gone() -> None:
    draining = replace(ARRIVED, checks=Checks("healthy"), draining_until=400.0)
    state = a_state(draining)
    assert health.settled(state, 399.9) is state
    assert list(health.due(state, 399.9)) == []
    assert health.upcoming(state, 100) == 400
    assert the_target(health.settled(state, 400)) is None


@pytest.mark.parametrize(
    ("target", "in_use", "expected"),
    [
        pytest.param(replace(ARRIVED, set_state="healthy"), True, "healthy", id="control over checks"),
        pytest.param(replace(ARRIVED, set_state="healthy"), False, "unused", id="use over control"),
        pytest.param(
            replace(ARRIVED, set_state="healthy", draining_until=400.0),
            True,
            "draining",
            id="deregistration over control",
        ),
    ],
)
def test_what_is_told_has_an_order(target: Target, expected: str, *, in_use: bool) -> None:
    assert health.state_of(target, in_use=in_use) == expected
    assert health.described(target, in_use=in_use)["State"] == expected
