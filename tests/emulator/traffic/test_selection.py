"""Which group and which of its targets get a request."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from elbv2_emulator.state.resources import Target, TargetGroup
from elbv2_emulator.traffic.selection import choose_group, eligible


def forward(**weights: int) -> dict[str, Any]:
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def group(states: Sequence[str | None], **attributes: str) -> TargetGroup:
    targets = [Target("10.64.0.3", port, set_state=state) for port, state in enumerate(states)]
    return TargetGroup(
        "arn", "name", {}, attributes, {(target.id, target.port): target for target in targets}
    )


class Counting(Random):
    """Draws every number of a range in turn, so that shares are exact."""

    def __init__(self) -> None:
        super().__init__()
        self._last = -1

    def randrange(self, start: int, *_: object) -> int:
        self._last += 1
        return self._last % start


@pytest.mark.parametrize(
    "weights",
    [{"a": 90, "b": 10}, {"a": 1, "b": 999}, {"a": 0, "b": 3}, {"a": 1, "b": 2, "c": 0, "d": 4, "e": 5}],
)
def test_a_group_is_chosen_in_proportion_to_its_weight(weights: dict[str, int]) -> None:
    random, action = Counting(), forward(**weights)
    chosen = Counter(choose_group(action, random) for _ in range(sum(weights.values())))
    assert chosen == {arn: weight for arn, weight in weights.items() if weight}


def test_no_group_is_chosen_when_all_weights_are_0() -> None:
    assert choose_group(forward(a=0, b=0), Counting()) is None


@pytest.mark.parametrize(
    ("states", "served"),
    [
        pytest.param([], [], id="none registered"),
        pytest.param([None, None], [], id="as registered: not checked yet"),
        pytest.param(["healthy", "unhealthy", "initial", "draining"], [0], id="healthy ones only"),
        pytest.param(["unhealthy", "unhealthy"], [0, 1], id="fail open"),
        pytest.param(["unhealthy", "initial", "draining"], [0], id="fail open to unhealthy ones only"),
        pytest.param(["initial", "initial"], [], id="only initial"),
        pytest.param(["draining"], [], id="only draining"),
        pytest.param(["unavailable"], [0], id="health unknown to AWS"),
    ],
)
def test_targets_get_requests_according_to_their_health(states: list[str | None], served: list[int]) -> None:
    assert [target.port for target in eligible(group(states))] == served


@pytest.mark.parametrize(
    ("states", "served"),
    [
        pytest.param(["initial", "initial"], [0, 1], id="when there are no others"),
        pytest.param(["initial", "healthy"], [1], id="but not beside a healthy one"),
        pytest.param(["initial", "unhealthy"], [1], id="nor beside an unhealthy one"),
        pytest.param([None], [], id="nor before the registration is complete"),
    ],
)
def test_initial_targets_get_requests_if_configured(states: list[str | None], served: list[int]) -> None:
    assert [target.port for target in eligible(group(states), serve_initial=True)] == served


@pytest.mark.parametrize(
    ("healthy", "attributes", "fails_open"),
    [
        pytest.param(1, {}, False, id="one is enough"),
        pytest.param(2, {"count": "3"}, True, id="fewer than the count"),
        pytest.param(3, {"count": "3"}, False, id="as many as the count"),
        pytest.param(1, {"count": "off", "percentage": "50"}, True, id="less than the percentage"),
        pytest.param(2, {"count": "off", "percentage": "50"}, False, id="as much as the percentage"),
        pytest.param(2, {"count": "1", "percentage": "75"}, True, id="enough by only one of both"),
        pytest.param(0, {"count": "off", "percentage": "off"}, True, id="none, whatever is required"),
    ],
)
def test_unhealthy_targets_get_requests_too_when_too_few_are_healthy(
    healthy: int, attributes: dict[str, str], fails_open: bool
) -> None:
    states = ["healthy"] * healthy + ["unhealthy"] * (4 - healthy)
    prefix = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"
    among = group(states, **{f"{prefix}.{name}": value for name, value in attributes.items()})
    assert len(eligible(among)) == (4 if fails_open else healthy)
