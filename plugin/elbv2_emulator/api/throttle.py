"""AWS's nested token buckets for calls, which exist for each account and region. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    name: str
    burst: int
    per_second: int


ALL = Bucket("all", 40, 10)
DESCRIBING = Bucket("describing", 40, 10)
MUTATING = Bucket("mutating", 20, 3)
REGISTERING = Bucket("registering", 20, 4)


@dataclass(frozen=True, slots=True)
class Level:
    """The number of calls that were left in a bucket at time `at`."""

    calls: float
    at: float


Levels = Mapping[Bucket, Level]


def buckets(action: str) -> tuple[Bucket, Bucket]:
    """The buckets that an action draws from: the bucket for all actions, and the bucket for its kind."""
    if action.startswith("Describe"):
        return ALL, DESCRIBING
    return ALL, REGISTERING if action in {"RegisterTargets", "DeregisterTargets"} else MUTATING


def levels_after(levels: Levels, action: str, now: float) -> Levels | None:
    """The levels after this call; None if it is throttled, which takes no tokens. Buckets start full."""
    left = {bucket: _calls_left(levels.get(bucket), bucket, now) for bucket in buckets(action)}
    if any(calls < 1 for calls in left.values()):
        return None
    return {**levels, **{bucket: Level(calls - 1, now) for bucket, calls in left.items()}}


def _calls_left(level: Level | None, bucket: Bucket, now: float) -> float:
    if level is None:
        return bucket.burst
    return min(bucket.burst, level.calls + max(0.0, now - level.at) * bucket.per_second)
