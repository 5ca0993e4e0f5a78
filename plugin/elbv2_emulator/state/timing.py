"""The emulator's clock, and the settings for lags and throttling."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds since the epoch, as `time.time` returns them. A test can use a clock that it stops and sets."""


@dataclass(slots=True)
class Timing:
    """Settings that can be changed at any time, from any thread. A new lag applies to later writes.

    `registration_lag_seconds`: from RegisterTargets until the target exists for health checks and traffic.
    `describe_lag_seconds`: a Describe… call returns any version that was current within this time. The
    version is chosen for each call, so that a later response can be older than an earlier one.
    `data_plane_lag_seconds`: listeners serve the version that was current this long ago.
    `throttling`: whether calls are throttled by the buckets of api/throttle.py.
    """

    registration_lag_seconds: float = 0.0
    describe_lag_seconds: float = 0.0
    data_plane_lag_seconds: float = 0.0
    throttling: bool = False
