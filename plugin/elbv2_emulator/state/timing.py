"""The emulator's clock, and the settings for lags and throttling."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds since the epoch, as `time.time` returns them. A test can use a clock that it stops and sets."""


@dataclass(slots=True)
class Timing:
    """Settings that can be changed at any time, from any thread. A new lag applies to later writes.

    A new duration of batches applies to later batches; 0 also ends a batch at its next change.

    `registration_lag_seconds`: from RegisterTargets until the target exists for health checks and traffic.
    `describe_lag_seconds`: a Describe… call returns any version that was current within this time. The
    version is chosen for each call, so that a later response can be older than an earlier one.
    `data_plane_lag_seconds`: listeners serve the version that was current this long ago.
    `data_plane_batch_seconds`: the first change of a load balancer's rules opens a batch of this duration.
    Listeners apply all changes in it at its end, and the lag comes on top. The next change opens another
    batch. On AWS it is about 10 s. Registrations and target health are not batched.
    `throttling`: whether calls are throttled by the buckets of api/throttle.py.
    """

    registration_lag_seconds: float = 0.0
    describe_lag_seconds: float = 0.0
    data_plane_lag_seconds: float = 0.0
    data_plane_batch_seconds: float = 0.0
    throttling: bool = False
