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


def levels_after(levels: Levels, action: str, now: float) -> tuple[Levels, bool]:
    """The levels after this call, and whether it is admitted. Buckets start full.

    A throttled call takes no tokens, but its time is recorded: if the clock is set back, an empty bucket
    keeps what it got before, and fills from the new time on.
    """
    left = {bucket: _calls_left(levels.get(bucket), bucket, now) for bucket in buckets(action)}
    is_admitted = all(calls >= 1 for calls in left.values())
    taken = 1 if is_admitted else 0
    return {**levels, **{bucket: Level(calls - taken, now) for bucket, calls in left.items()}}, is_admitted


def _calls_left(level: Level | None, bucket: Bucket, now: float) -> float:
    if level is None:
        return bucket.burst
    calls = level.calls + max(0.0, now - level.at) * bucket.per_second
    return min(bucket.burst, round(calls, 9))  # rounded, because many small additions would lose a token
