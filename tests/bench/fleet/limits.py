"""AWS's limits for an account and region, and the least time in which calls fit into a share of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: so many calls at once, then so many a second."""

    burst: float
    per_second: float

    def seconds_for(self, calls: int, share: float) -> float:
        """The earliest time at which this share of the bucket lets the last of so many calls pass."""
        return max(0.0, (calls - self.burst * share) / (self.per_second * share))


ALL = Limit(40, 10)
WRITES = Limit(20, 3)
SHARE = 0.5
"""The sidecar's default for its share of AWS's limits."""

REST_SECONDS = 8.0
"""After this time without calls, the sidecar's share of each bucket is full, and every read is outdated."""


def least_seconds(*, reads: int, writes: int, share: float = SHARE) -> float:
    """The earliest time at which the last write can be sent: the buckets are nested."""
    return max(WRITES.seconds_for(writes, share), ALL.seconds_for(reads + writes, share))
