from fractions import Fraction
from math import lcm

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.rules import (
    NoForwardToStable,
    RuleNotFound,
    RuleNotWritable,
    ShareUnknown,
    TooManyTargetGroups,
)
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule, Snapshot, SteeredRule
from elbv2_trafficrouter.routing.weights.plan import Plan, plan, plan_attachment
from support.router.intents import asking_for

RULE = Arn("rule")
STABLE, CANARY, OLD_EXPERIMENT, FOREIGN, OTHER = (
    Arn(name) for name in ("stable", "canary", "old experiment", "foreign", "other")
)
STEERED = (SteeredRule(RULE, {"was-stable": STABLE, "was-canary": CANARY, "was-experiment": OLD_EXPERIMENT}),)


def rule_with(weights: dict[Arn, int], unwritable: tuple[str, ...] = ()) -> ListenerRule:
    forwards = tuple(Forward(group, weight) for group, weight in weights.items())
    return ListenerRule(RULE, forwards, ({"Type": "forward", "Opaque": object()},), unwritable)


def planned(
    intent: Intent, rule: ListenerRule, written: dict[Arn, ListenerRule | None] | None = None
) -> Plan:
    return plan(intent, STEERED, Snapshot({rule.arn: rule}, {}), written or {})


def weights_of(rule: ListenerRule) -> dict[Arn, int]:
    return {forward.group: forward.weight for forward in rule.forwards}


def after(intent: Intent, weights: dict[Arn, int]) -> dict[Arn, int]:
    (rule,) = planned(intent, rule_with(weights)).rules
    return weights_of(rule)


@st.composite
def any_rule(draw: st.DrawFn) -> ListenerRule:
    groups = draw(st.permutations([STABLE, CANARY, OLD_EXPERIMENT, FOREIGN, OTHER]))
    absent = draw(st.sets(st.sampled_from([CANARY, OLD_EXPERIMENT, FOREIGN, OTHER])))
    weight = st.integers(0, 999)
    return rule_with({group: draw(weight) for group in groups if group not in absent})


@given(any_rule(), st.integers(1, 100_000), st.data())
def test_a_plan_changes_weights_and_nothing_else_and_is_done_after_one_write(
    rule: ListenerRule, max_weight: int, data: st.DataObject
) -> None:
    intent = asking_for(data.draw(st.integers(0, max_weight)), max_weight=max_weight)
    try:
        changes = planned(intent, rule).changes
    except ShareUnknown:
        ours = [
            rule_weight for group, rule_weight in weights_of(rule).items() if group not in {FOREIGN, OTHER}
        ]
        assert sum(ours) == 0
        return
    for change in changes:
        assert change.before == rule
        assert change.after.actions is rule.actions
        assert [forward.group for forward in change.after.forwards][: len(rule.forwards)] == [
            forward.group for forward in rule.forwards
        ]
        assert set(weights_of(change.after)) == set(weights_of(rule)) | {STABLE, CANARY, OLD_EXPERIMENT}
        assert any(weights_of(change.after).values())
        assert planned(intent, change.after).changes == ()


def wanted_shares(weights: dict[Arn, int], canary: Fraction) -> dict[Arn, Fraction]:
    """Of the whole rule: foreign groups keep their shares, stable and canary divide the rest."""
    others = {group: weight for group, weight in weights.items() if group in {FOREIGN, OTHER}}
    part = sum(weights.values()) - sum(others.values()) or 1
    whole = part + sum(others.values())
    divided = {STABLE: part * (1 - canary), CANARY: part * canary, OLD_EXPERIMENT: Fraction(0)}
    return {group: Fraction(weight) / whole for group, weight in (others | divided).items()}


def as_integers(shares: dict[Arn, Fraction]) -> dict[Arn, int]:
    """Integers in the same proportions, without a common divisor."""
    common = lcm(*(share.denominator for share in shares.values()))
    return {group: int(share * common) for group, share in shares.items()}


@st.composite
def rules_of_round_weights(draw: st.DrawFn) -> dict[Arn, int]:
    """Most of these rules can have exact shares; of all rules, few can."""
    ours = {group: draw(st.integers(0, 5)) * 20 for group in (STABLE, CANARY, OLD_EXPERIMENT)}
    others = {
        group: draw(st.integers(0, 5)) * 50 for group in draw(st.sets(st.sampled_from([FOREIGN, OTHER])))
    }
    assume(any(ours.values()) or not any(others.values()))
    return others | ours


@given(rules_of_round_weights(), st.sampled_from([1, 5, 20, 100, 150]), st.data())
def test_shares_that_weights_up_to_999_can_express_are_planned_exactly(
    before: dict[Arn, int], max_weight: int, data: st.DataObject
) -> None:
    weight = data.draw(st.integers(0, max_weight))
    wanted = wanted_shares(before, Fraction(weight, max_weight))
    assume(max(as_integers(wanted).values()) <= 999)
    weights = after(asking_for(weight, max_weight=max_weight), before)
    whole = sum(weights.values())
    assert {group: Fraction(weight, whole) for group, weight in weights.items()} == wanted


@pytest.mark.parametrize(
    ("before", "weight", "expected"),
    [
        pytest.param(
            {STABLE: 100}, 10, {STABLE: 90, CANARY: 10, OLD_EXPERIMENT: 0}, id="missing groups are attached"
        ),
        pytest.param(
            {STABLE: 1, CANARY: 0, OLD_EXPERIMENT: 1},
            25,
            {STABLE: 75, CANARY: 25, OLD_EXPERIMENT: 0},
            id="the share of an experiment that ended is divided again",
        ),
        pytest.param(
            {FOREIGN: 50, STABLE: 50, CANARY: 0, OLD_EXPERIMENT: 0},
            50,
            {FOREIGN: 100, STABLE: 50, CANARY: 50, OLD_EXPERIMENT: 0},
            id="the canary gets its share of the Rollout's part only",
        ),
        pytest.param(
            {STABLE: 0, CANARY: 0, OLD_EXPERIMENT: 0},
            0,
            {STABLE: 100, CANARY: 0, OLD_EXPERIMENT: 0},
            id="a rule in which all weights are 0 belongs to the Rollout",
        ),
    ],
)
def test_shares_become_weights_and_missing_groups_are_attached(
    before: dict[Arn, int], weight: int, expected: dict[Arn, int]
) -> None:
    assert after(asking_for(weight), before) == expected


@pytest.mark.parametrize(
    "read",
    [
        pytest.param({STABLE: 90, CANARY: 10, OLD_EXPERIMENT: 0}, id="the same weights"),
        pytest.param(
            {CANARY: 1, OLD_EXPERIMENT: 0, STABLE: 9}, id="the same shares in another order and scale"
        ),
    ],
)
def test_a_rule_that_has_the_shares_is_not_written(read: dict[Arn, int]) -> None:
    assert planned(asking_for(10), rule_with(read)).changes == ()


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(
            rule_with({STABLE: 75, CANARY: 25, OLD_EXPERIMENT: 0}), id="our last write was different"
        ),
        pytest.param(None, id="our last write was not answered"),
    ],
)
def test_a_read_alone_does_not_prove_that_nothing_needs_to_be_written(last: ListenerRule | None) -> None:
    """Reads lag, and a write that was not answered may be applied later."""
    read = rule_with({STABLE: 90, CANARY: 10, OLD_EXPERIMENT: 0})
    (change,) = planned(asking_for(10), read, {RULE: last}).changes
    assert weights_of(change.after) == {STABLE: 90, CANARY: 10, OLD_EXPERIMENT: 0}


def test_a_missing_rule_is_refused() -> None:
    with pytest.raises(RuleNotFound):
        plan(asking_for(10), STEERED, Snapshot({}, {}), {})


@pytest.mark.parametrize("weights", [{FOREIGN: 1}, {CANARY: 1}, {}])
def test_a_rule_that_does_not_forward_to_stable_is_refused(weights: dict[Arn, int]) -> None:
    with pytest.raises(NoForwardToStable):
        planned(asking_for(10), rule_with(weights))


def test_an_unknown_share_is_not_guessed() -> None:
    with pytest.raises(ShareUnknown):
        planned(asking_for(10), rule_with({STABLE: 0, CANARY: 0, FOREIGN: 5}))


def test_a_sixth_group_is_refused_before_aws_refuses_it() -> None:
    foreign = {Arn(f"foreign {number}"): 1 for number in range(3)}
    with pytest.raises(TooManyTargetGroups):
        planned(asking_for(10), rule_with({STABLE: 1, **foreign}))


def test_a_rule_without_readable_shares_is_neither_written_nor_verified() -> None:
    with pytest.raises(RuleNotWritable):
        planned(asking_for(0), rule_with({}, ("ForwardConfig.TargetGroups",)))


def test_unwritable_elements_are_not_overwritten_but_do_not_prevent_verification() -> None:
    as_requested, other = {STABLE: 9, CANARY: 1, OLD_EXPERIMENT: 0}, {STABLE: 1, CANARY: 0, OLD_EXPERIMENT: 0}
    assert planned(asking_for(10), rule_with(as_requested, ("Actions[0].New",))).changes == ()
    with pytest.raises(RuleNotWritable):
        planned(asking_for(10), rule_with(other, ("Actions[0].New",)))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            {STABLE: 1}, {STABLE: 1, CANARY: 0, OLD_EXPERIMENT: 0}, id="missing groups are attached at 0"
        ),
        pytest.param(
            {STABLE: 3, CANARY: 7, FOREIGN: 5},
            {STABLE: 3, CANARY: 7, FOREIGN: 5, OLD_EXPERIMENT: 0},
            id="no share changes",
        ),
        pytest.param({STABLE: 0}, {STABLE: 0}, id="all weights 0 are never written"),
    ],
)
def test_missing_groups_are_attached_at_0_and_no_share_changes(
    before: dict[Arn, int], expected: dict[Arn, int]
) -> None:
    rule = rule_with(before)
    planned_ = plan_attachment(asking_for(0), STEERED, Snapshot({RULE: rule}, {}), {})
    assert weights_of(planned_.rules[0]) == expected
    assert bool(planned_.changes) == (before != expected)
