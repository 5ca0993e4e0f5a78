"""Judges whether a run of the demo was exact. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb
from statistics import median

from elbv2_trafficrouter.cli.demo.step import Groups, Step, Tally

CHANCE = Fraction(1, 1_000_000)
"""The probability that chance alone fails the whole demo of a correct router."""


@dataclass(frozen=True, slots=True)
class DemoRun:
    """Everything observed in a run. `other_rules`: all other rules, before and after the run."""

    groups: Groups
    steps: Sequence[Step]
    during_changes: Tally
    to_other_rule: Tally
    other_rules: tuple[object, object]


@cache
def likely_counts(requests: int, share: Fraction, unlikely: Fraction) -> tuple[int, int]:
    """The smallest interval that a binomial count misses with a probability of at most `unlikely`.

    A binomial distribution rises to its mode and then falls, so the less probable end of an interval is its
    least probable count. Ends are cut off as long as their total probability allows. The calculation uses
    integers and is exact. A share of 0 or 1 leaves a single count.
    """
    taken, rest = share.numerator, share.denominator - share.numerator
    ways = [
        comb(requests, count) * taken**count * rest ** (requests - count) for count in range(requests + 1)
    ]
    spare = unlikely * share.denominator**requests
    low, high = 0, requests
    while low < high:
        end = min(low, high, key=ways.__getitem__)
        spare -= ways[end]
        if spare < 0:
            break
        low, high = (low + 1, high) if end == low else (low, high - 1)
    return low, high


def canary_counts(steps: Sequence[Step]) -> list[tuple[int, int]]:
    """For each step, how many of its requests the canary's group may answer.

    CHANCE is divided by the number of steps whose counts vary, so that it bounds all steps together.
    """
    at_random = sum(step.asked not in {0, 100} for step in steps)
    return [
        likely_counts(step.tally.requests, Fraction(step.asked, 100), CHANCE / max(at_random, 1))
        for step in steps
    ]


def faults(run: DemoRun) -> list[str]:
    """A sentence for each fault; empty if the run was exact."""
    found = []
    for step, bounds in zip(run.steps, canary_counts(run.steps), strict=True):
        found += [f"{step.name}, {step.asked}%: {fault}" for fault in _of_step(run.groups, step, bounds)]
    found += [f"while weights changed: {fault}" for fault in _failures(run.during_changes)]
    found += [f"the other rule: {fault}" for fault in _of_other_rule(run)]
    before, after = run.other_rules
    if before != after:
        found.append(f"the other rules have changed: before {before}, after {after}")
    return found


def _of_step(groups: Groups, step: Step, bounds: tuple[int, int]) -> Iterator[str]:
    wanted = {groups.stable: 100 - step.asked, groups.canary: step.asked}
    if step.weights != wanted:
        yield f"the rule has {_listed(step.weights)} instead of {_listed(wanted)}"
    if not step.reconciled.verified:
        yield f"VerifyWeight did not verify the weights: {step.reconciled.reason}"
    low, high = bounds
    count, of = step.tally.count(groups.canary), step.tally.requests
    if not low <= count <= high:
        yield f"{groups.canary} answered {count:,} of {of:,} requests, expected {_range(bounds)}"
    for answer, count in step.tally.answers.items():
        if step.versions.get(answer.group) != answer.version:
            yield f"answers from version {answer.version or 'unknown'} in {answer.group}: {count}"
    yield from _failures(step.tally)


def _of_other_rule(run: DemoRun) -> Iterator[str]:
    for answer, count in run.to_other_rule.answers.items():
        if answer.group != run.groups.other:
            yield f"answers from {answer.group}: {count}"
    yield from _failures(run.to_other_rule)


def _failures(tally: Tally) -> Iterator[str]:
    for failure, count in tally.failures.items():
        yield f"{count} failed with {failure}"


def _range(bounds: tuple[int, int]) -> str:
    low, high = bounds
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _listed(weights: Mapping[str, int]) -> str:
    return ", ".join(f"{group} {weight}" for group, weight in weights.items())


def summary(run: DemoRun) -> list[str]:
    """The run in a few lines; it must have at least one step."""
    farthest, bounds = max(
        zip(run.steps, canary_counts(run.steps), strict=True),
        key=lambda step: abs(_deviation(run, step[0])),
    )
    tallies = [*(step.tally for step in run.steps), run.during_changes, run.to_other_rule]
    failures = sum((tally.failures for tally in tallies), start=Tally().failures)
    server_errors = sum(count for failure, count in failures.items() if failure.startswith("5"))
    times = [1000 * step.reconciled.set_weight_seconds for step in run.steps]
    before, after = run.other_rules
    figures = {
        "largest deviation": (
            f"{_deviation(run, farthest):+.2f} percentage points, at {farthest.asked}%: "
            f"{farthest.tally.count(run.groups.canary):,} of {farthest.tally.requests:,} by "
            f"{run.groups.canary}; chance allows {_range(bounds)}"
        ),
        "requests": (
            f"{sum(tally.requests for tally in tallies):,}, "
            f"{run.during_changes.requests} of them while weights changed"
        ),
        "5xx": f"{server_errors}",
        "other failures": f"{failures.total() - server_errors}",
        "SetWeight": f"median {median(times):.0f} ms, largest {max(times):.0f} ms",
        "other rules": "untouched" if before == after else "CHANGED",
    }
    return [f"{name:<17}  {figure}" for name, figure in figures.items()]


def _deviation(run: DemoRun, step: Step) -> float:
    return 100 * step.tally.count(run.groups.canary) / max(step.tally.requests, 1) - step.asked
