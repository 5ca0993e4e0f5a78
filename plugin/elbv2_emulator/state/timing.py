"""How the emulator's time runs: its clock, and what is set late in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds since the epoch, as `time.time` gives them. A test's own clock may stand still and jump."""


@dataclass(slots=True)
class Timing:
    """What may be set at any time, from any thread; each lag holds for the writes that come after.

    `registration_lag_seconds`: from RegisterTargets until the target exists for checks and traffic.
    `describe_lag_seconds`: a Describe… tells of any version that was current within so many seconds,
    drawn anew for each call: a later answer may be older than an earlier one.
    `data_plane_lag_seconds`: listeners serve the version that was current so many seconds ago.
    `throttling`: whether calls are refused by the buckets of throttle.py.
    """

    registration_lag_seconds: float = 0.0
    describe_lag_seconds: float = 0.0
    data_plane_lag_seconds: float = 0.0
    throttling: bool = False
