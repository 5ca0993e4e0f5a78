"""The demo's judgement: which counts chance allows a correct router, and what counts as a fault."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement
from math import comb

import pytest

from elbv2_trafficrouter.cli.demo.judgement import (
    CHANCE,
    DemoRun,
    canary_counts,
    faults,
    likely_counts,
    summary,
)
from elbv2_trafficrouter.cli.demo.step import Answer, Groups, Reconciled, Step, Tally

STABLE, CANARY, OTHER = "was-stable", "was-canary", "web-service"


def missed(requests: int, share: Fraction, low: int, high: int) -> Fraction:
    """How probable a count outside low…high is."""
    inside = range(low, high + 1)
    counts = (comb(requests, count) * share**count * (1 - share) ** (requests - count) for count in inside)
    return 1 - sum(counts, start=Fraction(0))


@pytest.mark.parametrize("unlikely", [Fraction(1, 2), Fraction(1, 20), Fraction(1, 3_000)])
@pytest.mark.parametrize("share", [Fraction(percent, 100) for percent in (0, 1, 10, 25, 50, 75, 100)])
def test_no_smaller_interval_is_as_likely(share: Fraction, unlikely: Fraction) -> None:
    for requests in range(1, 14):
        low, high = likely_counts(requests, share, unlikely)

        smallest = min(
            other_high - other_low
            for other_low, other_high in combinations_with_replacement(range(requests + 1), 2)
            if missed(requests, share, other_low, other_high) <= unlikely
        )
        assert missed(requests, share, low, high) <= unlikely
        assert high - low == smallest


@pytest.mark.parametrize("percent", [10, 25, 50, 75])
def test_the_interval_of_a_whole_step_is_exact(percent: int) -> None:
    share, unlikely = Fraction(percent, 100), CHANCE / 4

    low, high = likely_counts(2_000, share, unlikely)

    assert missed(2_000, share, low, high) <= unlikely
    assert missed(2_000, share, low + 1, high) > unlikely
    assert missed(2_000, share, low, high - 1) > unlikely


def test_shares_of_0_and_1_leave_nothing_to_chance() -> None:
    assert likely_counts(2_000, Fraction(0), CHANCE) == (0, 0)
    assert likely_counts(2_000, Fraction(1), CHANCE) == (2_000, 2_000)


def test_the_chance_is_for_all_steps_together() -> None:
    steps = exact().steps
    outside = [
        missed(step.tally.requests, Fraction(step.asked, 100), *bounds)
        for step, bounds in zip(steps, canary_counts(steps), strict=True)
    ]

    assert sum(outside) <= CHANCE


def step(name: str, asked: int, stable: str, *, canary_count: int) -> Step:
    answers = {Answer(STABLE, stable): 2_000 - canary_count, Answer(CANARY, "1.0.1"): canary_count}
    tally = Tally()
    tally.answers.update({answer: count for answer, count in answers.items() if count})
    return Step(
        name=name,
        asked=asked,
        versions={STABLE: stable, CANARY: "1.0.1"},
        weights={STABLE: 100 - asked, CANARY: asked},
        reconciled=Reconciled(verified=True, reason="", set_weight_seconds=asked / 1000),
        tally=tally,
    )


def exact() -> DemoRun:
    run = DemoRun(
        groups=Groups(STABLE, CANARY, OTHER),
        steps=[
            step("step 1/4", 10, "1.0.0", canary_count=214),
            step("step 3/4", 50, "1.0.0", canary_count=1_007),
            step("step 4/4", 100, "1.0.0", canary_count=2_000),
            step("promoted", 0, "1.0.1", canary_count=0),
        ],
        during_changes=Tally(),
        to_other_rule=Tally(),
        other_rules=([{"Priority": "2"}], [{"Priority": "2"}]),
    )
    run.during_changes.answers[Answer(STABLE, "1.0.0")] = 40
    run.to_other_rule.answers[Answer(OTHER, "nginx")] = 80
    return run


def test_an_exact_canary_has_no_fault() -> None:
    assert faults(exact()) == []


def with_step(index: int, change: Callable[[Step], Step]) -> Callable[[DemoRun], DemoRun]:
    def changed(run: DemoRun) -> DemoRun:
        steps = list(run.steps)
        steps[index] = change(steps[index])
        return replace(run, steps=steps)

    return changed


def with_weights(**weights: int) -> Callable[[Step], Step]:
    return lambda step: replace(
        step, weights={name.replace("_", "-"): weight for name, weight in weights.items()}
    )


def with_one_more(answer: Answer) -> Callable[[Step], Step]:
    def changed(step: Step) -> Step:
        step.tally.answers[answer] += 1
        return step

    return changed


def with_failure(tally: Callable[[DemoRun], Tally], failure: str) -> Callable[[DemoRun], DemoRun]:
    def changed(run: DemoRun) -> DemoRun:
        tally(run).failures[failure] += 1
        return run

    return changed


def answered_by_the_canary(run: DemoRun) -> DemoRun:
    run.to_other_rule.answers[Answer(CANARY, "1.0.1")] += 1
    return run


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(
            with_step(0, with_weights(was_stable=100, was_canary=0)),
            "step 1/4, 10%: the rule has was-stable 100, was-canary 0 "
            "instead of was-stable 90, was-canary 10",
            id="other weights",
        ),
        pytest.param(
            with_step(3, with_weights(was_stable=100)),
            "promoted, 0%: the rule has was-stable 100 instead of was-stable 100, was-canary 0",
            id="the canary's group is not attached",
        ),
        pytest.param(
            with_step(1, lambda step: replace(step, reconciled=Reconciled(False, "It has 10.", 0.1))),
            "step 3/4, 50%: VerifyWeight did not verify the weights: It has 10.",
            id="not verified",
        ),
        pytest.param(
            with_step(0, lambda _: step("step 1/4", 10, "1.0.0", canary_count=300)),
            "step 1/4, 10%: was-canary answered 300 of 2,000 requests, expected 136 to 270",
            id="too many by the canary",
        ),
        pytest.param(
            with_step(2, with_one_more(Answer(STABLE, "1.0.0"))),
            "step 4/4, 100%: was-canary answered 2,000 of 2,001 requests, expected 2,001",
            id="an answer from stable at 100",
        ),
        pytest.param(
            with_step(3, with_one_more(Answer(STABLE, "1.0.0"))),
            "promoted, 0%: answers from version 1.0.0 in was-stable: 1",
            id="the old version after promotion",
        ),
        pytest.param(
            with_failure(lambda run: run.steps[1].tally, "503"),
            "step 3/4, 50%: 1 failed with 503",
            id="a 5xx in a step",
        ),
        pytest.param(
            with_failure(lambda run: run.during_changes, "a time-out"),
            "while weights changed: 1 failed with a time-out",
            id="a failure between steps",
        ),
        pytest.param(
            with_failure(lambda run: run.to_other_rule, "502"),
            "the other rule: 1 failed with 502",
            id="a failure at the other rule",
        ),
        pytest.param(
            answered_by_the_canary,
            "the other rule: answers from was-canary: 1",
            id="the other rule forwards elsewhere",
        ),
        pytest.param(
            lambda run: replace(run, other_rules=([{"Priority": "2"}], [])),
            "the other rules have changed: before [{'Priority': '2'}], after []",
            id="the other rule is gone",
        ),
    ],
)
def test_each_fault_has_its_sentence(change: Callable[[DemoRun], DemoRun], fault: str) -> None:
    assert faults(change(exact())) == [fault]


def test_the_summary_names_the_largest_deviation_and_separates_5xx_from_other_failures() -> None:
    run = exact()
    run.during_changes.failures.update({"503": 2, "ClientError": 1})

    assert summary(run) == [
        (
            "largest deviation  +0.70 percentage points, at 10%: 214 of 2,000 by was-canary; "
            "chance allows 136 to 270"
        ),
        "requests           8,123, 43 of them while weights changed",
        "5xx                2",
        "other failures     1",
        "SetWeight          median 30 ms, largest 100 ms",
        "other rules        untouched",
    ]
