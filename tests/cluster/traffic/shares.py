"""Assertions about the share of requests that a version answers, within the limits of chance."""

import time
from collections.abc import Mapping
from fractions import Fraction

from cluster.process import wait_until
from cluster.traffic.load import Load, Tally, tally
from elbv2_trafficrouter.cli.demo.judgement import likely_counts

UNLIKELY = Fraction(1, 10_000_000)
"""The probability that a correct router fails one assertion."""

_LATE_SECONDS = 0.5


def count_requests(load: Load, requests: int = 500, tries: int = 3) -> Tally:
    """Counts so many requests, sent from now on; again if the machine was too busy to send in time."""
    load.late, begun = 0, time.monotonic()
    wait_until(lambda: tally(load.samples, begun, time.monotonic()).requests >= requests, "they were counted")
    if load.late > _LATE_SECONDS and tries > 1:
        return count_requests(load, requests, tries - 1)
    return tally(load.samples, begun, time.monotonic())


def assert_only(load: Load, version: str) -> None:
    """Fails if another version answers, or requests fail."""
    seen = count_requests(load)
    assert set(seen.versions) == {version}, seen
    assert not seen.failures, seen


def assert_share(load: Load, version: str, percent: float, *, requests: int = 500) -> None:
    """Fails if this version's share cannot be so many percent, or requests fail."""
    seen = count_requests(load, requests)
    low, high = likely_counts(seen.requests, Fraction(percent) / 100, UNLIKELY)
    assert low <= seen.versions[version] <= high, (seen, low, high)
    assert not seen.failures, seen


def assert_shares(load: Load, percents: Mapping[str, float]) -> None:
    """Fails if a version's share cannot be so many percent, another version answers, or requests fail."""
    seen = count_requests(load)
    for version, percent in percents.items():
        low, high = likely_counts(seen.requests, Fraction(percent) / 100, UNLIKELY)
        assert low <= seen.versions[version] <= high, (version, seen, low, high)
    assert set(seen.versions) <= percents.keys(), seen
    assert not seen.failures, seen
