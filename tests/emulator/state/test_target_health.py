"""How checks and time change a target's health, tested on values."""

import math
from dataclasses import replace
from typing import Any

import pytest

from elbv2_emulator.state import target_health
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
def test_checks_change_the_state_of_a_target(outcomes: str, states: str) -> None:
    checks, observed = CHECKING, ""
    for outcome in outcomes:
        checks = target_health.checks_after(checks, None if outcome == "P" else FAILED, SETTINGS)
        observed += checks.state[0].upper()
    assert observed == states


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
def test_the_matcher_decides_which_statuses_pass(codes: str, status: int, *, passes: bool) -> None:
    failure = target_health.failure_of(status, {"Matcher": {"HttpCode": codes}})
    assert (failure is None) == passes
    if failure is not None:
        assert failure.reason == "Target.ResponseCodeMismatch"
        assert failure.description == f"Health checks failed with these codes: [{status}]"


def test_an_unhealthy_target_shows_the_reason_of_its_last_failure() -> None:
    state = target_health.as_of(a_state(ARRIVED), 100)
    for outcome in (404, TIMED_OUT):
        (check,) = target_health.due_checks(state, math.inf)
        state = target_health.with_result(state, check, 100, outcome)
    target = the_target(state)
    assert target is not None
    assert target_health.health_of(target, in_use=True) == {
        "State": "unhealthy",
        "Reason": "Target.Timeout",
        "Description": "Request timed out",
    }


def test_a_target_that_recovers_shows_its_last_failure_until_it_is_healthy() -> None:
    state = target_health.as_of(a_state(ARRIVED), 100)
    shown = []
    for outcome in (404, 404, 200, 200, 200):
        (check,) = target_health.due_checks(state, math.inf)
        state = target_health.with_result(state, check, 100, outcome)
        target = the_target(state)
        assert target is not None
        shown.append(target_health.health_of(target, in_use=True))
    unhealthy = {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [404]",
    }
    assert shown[1:] == [unhealthy, unhealthy, unhealthy, {"State": "healthy"}]


def test_the_next_check_starts_one_interval_after_the_start_of_the_last() -> None:
    state = target_health.as_of(a_state(ARRIVED), 100)
    (check,) = target_health.due_checks(state, 100)
    assert check == Check(ARN, KEY, 7, 8080)
    state = target_health.with_result(state, check, 100, 200)
    assert list(target_health.due_checks(state, 129.9)) == []
    assert list(target_health.due_checks(state, 130)) == [check]
    assert target_health.next_change(state, 110) == 130


def test_the_result_of_a_check_of_an_earlier_registration_is_ignored() -> None:
    state = target_health.as_of(a_state(replace(ARRIVED, registration=8)), 100)
    assert target_health.with_result(state, Check(ARN, KEY, 7, 8080), 100, 200) is state


@pytest.mark.parametrize(
    ("before", "settings", "in_use", "now", "expected"),
    [
        pytest.param(REGISTERING, {}, True, 99, REGISTERING, id="its registration is not complete"),
        pytest.param(REGISTERING, {}, True, 100, CHECKING, id="it exists"),
        pytest.param(REGISTERING, {}, False, 100, REGISTERING, id="no rule uses it"),
        pytest.param(Checks("healthy"), {}, False, 100, REGISTERING, id="no rule uses it any more"),
        pytest.param(Checks("healthy"), {}, True, 100, Checks("healthy"), id="nothing happens"),
        pytest.param(
            REGISTERING, {"HealthCheckEnabled": False}, True, 100, DISABLED, id="checks are disabled"
        ),
        pytest.param(DISABLED, {}, True, 100, CHECKING, id="checks are enabled"),
    ],
)
def test_time_changes_the_checks_of_a_target(
    *, before: Checks, settings: dict[str, Any], in_use: bool, now: float, expected: Checks
) -> None:
    state = a_state(replace(ARRIVED, checks=before), in_use=in_use, **settings)
    later = target_health.as_of(state, now)
    target = the_target(later)
    assert target is not None
    assert target.checks == expected
    assert (later is state) == (before == expected)
    assert bool(list(target_health.due_checks(later, now))) == (expected not in {REGISTERING, DISABLED})


def test_without_health_checks_a_target_is_unavailable() -> None:
    target = the_target(target_health.as_of(a_state(ARRIVED, HealthCheckEnabled=False), 100))
    assert target is not None
    assert target_health.health_of(target, in_use=True) == {
        "State": "unavailable",
        "Reason": "Target.HealthCheckDisabled",
        "Description": "Health checks are not enabled for this target",
    }


def test_a_target_drains_until_its_time_and_is_then_removed() -> None:
    draining = replace(ARRIVED, checks=Checks("healthy"), draining_until=400.0)
    state = a_state(draining)
    assert target_health.as_of(state, 399.9) is state
    assert list(target_health.due_checks(state, 399.9)) == []
    assert target_health.next_change(state, 100) == 400
    assert the_target(target_health.as_of(state, 400)) is None


@pytest.mark.parametrize(
    ("target", "in_use", "expected"),
    [
        pytest.param(
            replace(ARRIVED, set_state="healthy"), True, "healthy", id="a set state overrides checks"
        ),
        pytest.param(
            replace(ARRIVED, set_state="healthy"), False, "unused", id="being unused overrides a set state"
        ),
        pytest.param(
            replace(ARRIVED, set_state="healthy", draining_until=400.0),
            True,
            "draining",
            id="draining overrides a set state",
        ),
    ],
)
def test_the_sources_of_a_state_have_an_order(target: Target, expected: str, *, in_use: bool) -> None:
    assert target_health.state_of(target, in_use=in_use) == expected
    assert target_health.health_of(target, in_use=in_use)["State"] == expected
