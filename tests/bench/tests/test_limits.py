"""The bucket's own time is the time that the emulator's buckets need."""

import pytest

from bench.fleet.limits import ALL, WRITES, least_seconds
from elbv2_emulator.api import throttle

_STEP_SECONDS = 0.01


@pytest.mark.parametrize(("reads", "writes"), [(0, 10), (0, 20), (5, 50), (100, 10), (200, 60)])
def test_the_last_write_passes_as_soon_as_the_emulator_lets_it(reads: int, writes: int) -> None:
    levels: throttle.Levels = {}
    left = ["DescribeRules"] * reads + ["ModifyRule"] * writes
    steps = 0
    while left:
        levels, is_admitted = throttle.levels_after(levels, left[0], steps * _STEP_SECONDS)
        if is_admitted:
            del left[0]
        else:
            steps += 1
    assert least_seconds(reads=reads, writes=writes, share=1) <= steps * _STEP_SECONDS + _STEP_SECONDS
    if reads == 0:  # otherwise the reads come first here, although a write could
        assert steps * _STEP_SECONDS == pytest.approx(
            least_seconds(reads=reads, writes=writes, share=1), abs=2 * _STEP_SECONDS
        )


def test_a_share_has_so_much_of_burst_and_rate() -> None:
    assert WRITES.seconds_for(10, share=0.5) == 0
    assert WRITES.seconds_for(13, share=0.5) == 2
    assert ALL.seconds_for(25, share=0.5) == 1


def test_the_limits_are_those_of_the_emulator() -> None:
    assert (ALL.burst, ALL.per_second) == (throttle.ALL.burst, throttle.ALL.per_second)
    assert (WRITES.burst, WRITES.per_second) == (throttle.MUTATING.burst, throttle.MUTATING.per_second)
