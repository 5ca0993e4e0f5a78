"""Throttling, and reads that lag behind writes."""

from typing import Any

import pytest

from elbv2_emulator.state.timing import Timing
from support.aws.refusals import refused


@pytest.fixture
def timing(server: str, request: pytest.FixtureRequest) -> Timing:
    """The emulator's timing; moto has no such settings."""
    if server == "moto":
        return Timing()
    timing: Timing = request.getfixturevalue("emulator").timing
    return timing


def test_calls_beyond_the_buckets_are_refused(elbv2: Any, petclinic: Any, timing: Timing) -> None:
    """Row: time."""
    timing.throttling = True
    with refused("Throttling", "Rate exceeded"):
        for _ in range(100):
            elbv2.describe_rules(RuleArns=[petclinic.rule])


def test_writes_have_a_smaller_bucket(elbv2: Any, petclinic: Any, timing: Timing) -> None:
    """Row: time."""
    timing.throttling = True
    with refused("Throttling", "Rate exceeded"):
        for _ in range(35):
            elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(50, 50))


def test_a_read_may_return_the_state_before_a_write(elbv2: Any, petclinic: Any, timing: Timing) -> None:
    """Row: time."""
    timing.describe_lag_seconds = 600
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 99))

    def read_weight() -> int:
        (rule,) = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"]
        return int(rule["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["Weight"])

    assert {read_weight() for _ in range(60)} == {90, 1}
