"""Which group and which of its targets get a request."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from elbv2_emulator.selection import choose_group, eligible
from elbv2_emulator.state import Target, TargetGroup


def forward(**weights: int) -> dict[str, Any]:
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


class Counting(Random):
    """Every number of a range in turn, so that shares are exact."""

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
def test_a_group_is_chosen_as_often_as_its_weight_says(weights: dict[str, int]) -> None:
    random, action = Counting(), forward(**weights)
    chosen = Counter(choose_group(action, random) for _ in range(sum(weights.values())))
    assert chosen == {arn: weight for arn, weight in weights.items() if weight}


def test_no_group_is_chosen_when_all_weights_are_0() -> None:
    assert choose_group(forward(a=0, b=0), Counting()) is None


@pytest.mark.parametrize(
    ("states", "served"),
    [
        pytest.param([], [], id="none registered"),
        pytest.param([None, None], [], id="not yet checked"),
        pytest.param(["healthy", "unhealthy", "initial", "draining"], [0], id="healthy ones only"),
        pytest.param(["unhealthy", "unhealthy"], [0, 1], id="fail open"),
        pytest.param(["unhealthy", "initial", "draining"], [0], id="fail open to unhealthy ones only"),
        pytest.param(["initial", "initial"], [], id="only initial"),
        pytest.param(["draining"], [], id="only draining"),
        pytest.param(["unavailable"], [0], id="health unknown to AWS"),
    ],
)
def test_targets_get_requests_by_their_health(states: list[str | None], served: list[int]) -> None:
    targets = [Target("10.64.0.3", port, set_state=state) for port, state in enumerate(states)]
    group = TargetGroup("arn", "name", {}, {}, {(one.id, one.port): one for one in targets})
    assert [target.port for target in eligible(group)] == served
