"""How the demo in a cluster judges its counts and writes."""

from collections import Counter
from dataclasses import replace

from cluster.applications.petclinic import CANARY, STABLE
from cluster.demo.verdict import Played, faults, summary
from cluster.traffic.load import Tally
from elbv2_trafficrouter.cli.demo.step import Answer, Reconciled, Step
from elbv2_trafficrouter.cli.demo.step import Tally as StepTally

TALLY = StepTally(Counter({Answer(STABLE, "1.0.0"): 900, Answer(CANARY, "1.0.1"): 100}), Counter())
STEP = Step(
    "step 1/2",
    10,
    {STABLE: "1.0.0", CANARY: "1.0.1"},
    {STABLE: 90, CANARY: 10},
    Reconciled(verified=True, reason="", set_weight_seconds=0),
    TALLY,
)
ALL = Tally(Counter({"1.0.0": 950, "1.0.1": 120}), Counter({"503": 7}))
EXACT = Played([STEP], ALL, [10, 100, 0], [0.01, 0.03])


def test_failures_between_steps_are_shown_and_are_not_faults() -> None:
    assert faults(EXACT, [10]) == []
    assert EXACT.between == Tally(Counter({"1.0.0": 50, "1.0.1": 20}), Counter({"503": 7}))
    shown = "\n".join(summary(EXACT))
    assert "7, 7 of them while weights or pods changed" in shown
    assert "1,077, 77 of them while weights or pods changed" in shown


def test_a_failure_within_a_step_is_a_fault() -> None:
    failed = replace(STEP, tally=StepTally(TALLY.answers, Counter({"503": 1})))
    played = replace(EXACT, steps=[failed])
    assert faults(played, [10]) == ["step 1/2, 10%: 1 failed with 503"]
    assert played.between.failures == {"503": 6}


def test_a_share_or_weight_that_differs_from_the_request_is_a_fault() -> None:
    moved = StepTally(Counter({Answer(STABLE, "1.0.0"): 670, Answer(CANARY, "1.0.1"): 330}), Counter())
    (share,) = faults(replace(EXACT, steps=[replace(STEP, tally=moved)]), [10])
    assert "330 of 1,000" in share
    (weights,) = faults(replace(EXACT, steps=[replace(STEP, weights={STABLE: 67, CANARY: 33})]), [10])
    assert "the rule has" in weights


def test_a_write_that_no_step_requested_is_a_fault() -> None:
    assert faults(replace(EXACT, written=[10, 10, 100, 0]), [10]) == [
        "the sidecar wrote 10, 10, 100, 0 instead of 10, 100, 0"
    ]
