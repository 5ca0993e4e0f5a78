"""AWS's nested token buckets, with a clock that only the test moves."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.exceptions import ClientError

from elbv2_emulator import Emulator
from elbv2_emulator.api.actions import ACTIONS
from elbv2_emulator.api.throttle import DESCRIBING, MUTATING, REGISTERING, Levels, buckets, levels_after
from elbv2_emulator.state.timing import Timing
from support.router.clock import StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def emulator(started: ExitStack, clock: StandingClock) -> Emulator:
    return started.enter_context(Emulator(clock=clock, timing=Timing()))


def at_once(levels: Levels, action: str, now: float) -> tuple[int, Levels]:
    """How many calls are admitted at this time, and the levels after them."""
    count = 0
    while True:
        levels, is_admitted = levels_after(levels, action, now)
        if not is_admitted:
            return count, levels
        count += 1


def after(calls: int, action: str, now: float) -> Levels:
    """What is left after so many calls at this time."""
    levels: Levels = {}
    for _ in range(calls):
        levels, is_admitted = levels_after(levels, action, now)
        assert is_admitted
    return levels


@pytest.mark.parametrize(
    ("action", "burst", "per_second"),
    [("DescribeRules", 40, 10), ("ModifyRule", 20, 3), ("RegisterTargets", 20, 4)],
)
def test_a_burst_is_admitted_and_then_a_number_of_calls_per_second(
    action: str, burst: int, per_second: int
) -> None:
    count, levels = at_once({}, action, 0.0)
    assert count == burst
    assert at_once(levels, action, 2.0)[0] == 2 * per_second
    assert at_once(levels, action, 3600.0)[0] == burst


def test_every_action_draws_from_the_bucket_for_all_actions() -> None:
    written, levels = at_once({}, "ModifyRule", 0.0)
    registered, levels = at_once(levels, "DeregisterTargets", 0.0)
    described, levels = at_once(levels, "DescribeRules", 0.0)
    assert [written, registered, described] == [20, 20, 0]
    assert at_once(levels, "DescribeRules", 1.0)[0] == 10


def test_a_throttled_call_takes_nothing_from_the_other_buckets() -> None:
    _, levels = at_once({}, "ModifyRule", 0.0)
    for _ in range(5):
        levels, is_admitted = levels_after(levels, "CreateRule", 0.0)
        assert not is_admitted
    assert at_once(levels, "DescribeRules", 0.0)[0] == 20


@pytest.mark.parametrize(
    "drawn", [pytest.param(20, id="an empty one"), pytest.param(15, id="a partly filled one")]
)
def test_a_clock_that_is_set_back_neither_fills_nor_empties_a_bucket(drawn: int) -> None:
    assert at_once(after(drawn, "ModifyRule", 100.0), "ModifyRule", 0.0)[0] == 20 - drawn


@pytest.mark.parametrize(
    "drawn", [pytest.param(20, id="an empty one"), pytest.param(15, id="a partly filled one")]
)
def test_a_bucket_fills_again_from_the_time_to_which_the_clock_was_set_back(drawn: int) -> None:
    left, levels = at_once(after(drawn, "ModifyRule", 3600.0), "ModifyRule", 0.0)
    assert left == 20 - drawn
    assert at_once(levels, "ModifyRule", 2.0)[0] == 6


def test_a_clock_that_is_set_back_does_not_prolong_throttling() -> None:
    """A third of a second is needed for a call; most of it had passed when the clock was set back."""
    levels, is_admitted = levels_after(after(20, "ModifyRule", 3600.0), "ModifyRule", 3600.3)
    assert not is_admitted
    levels, is_admitted = levels_after(levels, "ModifyRule", 0.0)
    assert not is_admitted
    assert levels_after(levels, "ModifyRule", 0.04)[1]


def test_throttled_calls_do_not_delay_the_next_admitted_one() -> None:
    levels = after(20, "ModifyRule", 0.0)
    for tenth in range(1, 10):
        levels, is_admitted = levels_after(levels, "ModifyRule", tenth / 10)
        assert is_admitted == (tenth in {4, 7})
    assert levels_after(levels, "ModifyRule", 1.0)[1]


def test_every_action_has_a_bucket_of_its_kind() -> None:
    own = {action: buckets(action)[1] for action in ACTIONS}
    assert {action for action, bucket in own.items() if bucket is REGISTERING} == {
        "RegisterTargets",
        "DeregisterTargets",
    }
    assert {bucket.name for bucket in own.values()} == {DESCRIBING.name, MUTATING.name, REGISTERING.name}
    assert all((bucket is DESCRIBING) == action.startswith("Describe") for action, bucket in own.items())


def test_calls_are_throttled_while_throttling_is_on(
    emulator: Emulator, clock: StandingClock, client: Callable[[str], Any], control: Any
) -> None:
    elbv2, elsewhere = client("eu-west-1"), client("us-east-1")
    for _ in range(45):
        elbv2.describe_load_balancers()
    emulator.timing.throttling = True
    for _ in range(40):
        elbv2.describe_load_balancers()
    with pytest.raises(ClientError, match=r"\(Throttling\).*Rate exceeded") as caught:
        elbv2.describe_load_balancers()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert control("GET", "journal")[-1]["error"] == "Throttling"
    elsewhere.describe_load_balancers()
    clock.now += 0.15
    elbv2.describe_load_balancers()
    with pytest.raises(ClientError, match="Throttling"):
        elbv2.describe_load_balancers()
    emulator.timing.throttling = False
    elbv2.describe_load_balancers()


def test_throttling_ends_in_time_after_the_clock_was_set_back(
    emulator: Emulator, clock: StandingClock, client: Callable[[str], Any]
) -> None:
    elbv2 = client("eu-west-1")
    emulator.timing.throttling = True
    for _ in range(40):
        elbv2.describe_load_balancers()
    clock.now -= 3600
    with pytest.raises(ClientError, match="Throttling"):
        elbv2.describe_load_balancers()
    clock.now += 0.15
    elbv2.describe_load_balancers()
