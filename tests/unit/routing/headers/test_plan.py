"""Which rules a header route shall have, and what has to be done for it."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.managed_routes import NoFreePriority, OidcNotCopyable, RuleNotCopyable
from elbv2_trafficrouter.errors.rules import NoForwardToStable, RuleNotFound, RuleNotWritable
from elbv2_trafficrouter.rollout.config import Config, NamedRule
from elbv2_trafficrouter.rollout.intent import Destination, HeaderMatch, HeaderRoute, Intent, ManagedRoutes
from elbv2_trafficrouter.routing.headers.plan import (
    HeaderRuleChange,
    OwnedRules,
    is_present,
    plan_header_route,
)
from elbv2_trafficrouter.routing.rule import Condition, Forward, HeaderRule, ListenerRule, SteeredRule

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER = Arn(f"{OWNER}:listener/app/petclinic/50dc/9f2a")
STABLE, CANARY = Arn(f"{OWNER}:targetgroup/was-stable/1"), Arn(f"{OWNER}:targetgroup/was-canary/2")
WEB = Arn(f"{OWNER}:targetgroup/web/3")
GROUPS = {"was-stable": STABLE, "was-canary": CANARY}
BETA = HeaderRoute("beta", (HeaderMatch("X-User", exact="alice"),))
PATH = Condition("path-pattern", frozenset({"/petclinic*"}))
ALICE = Condition("http-header", frozenset({"alice"}), name="X-User")
COGNITO = {"Type": "authenticate-cognito", "Order": 1}
FORWARD = {"Type": "forward", "Order": 2}
REWRITE = {"Type": "url-rewrite"}


def arn(number: str, listener: str = "9f2a") -> Arn:
    return Arn(f"{OWNER}:listener-rule/app/petclinic/50dc/{listener}/{number}")


BASE = ListenerRule(
    arn("ba5e"),
    (Forward(STABLE, 9), Forward(CANARY, 1)),
    (FORWARD,),
    priority=10,
    conditions=frozenset({PATH}),
)
DEFAULT = ListenerRule(LISTENER, (Forward(STABLE, 1),), (FORWARD,))
MADE = ListenerRule(
    arn("1"), (Forward(CANARY, 1),), (FORWARD,), priority=9, conditions=frozenset({PATH, ALICE})
)
FOREIGN = ListenerRule(
    arn("f0"),
    (Forward(WEB, 1),),
    (FORWARD,),
    priority=5,
    conditions=frozenset({Condition("path-pattern", frozenset({"/petclinic/vets*"})), ALICE}),
)


def intent(*names: str) -> Intent:
    return Intent(
        namespace="petclinic",
        rollout="was",
        stable=Destination("was-stable", Fraction(1)),
        canary=Destination("was-canary", Fraction(0)),
        additional_destinations=(),
        max_weight=100,
        config=Config(rules=(NamedRule(BASE.arn),), target_groups=dict(GROUPS)),
        managed_routes=ManagedRoutes(names=names or ("beta",)),
    )


def planned(
    *rules: ListenerRule,
    ours: dict[Arn, str] | None = None,
    base: ListenerRule = BASE,
    route: HeaderRoute = BETA,
    names: tuple[str, ...] = ("beta",),
) -> HeaderRuleChange:
    seen = OwnedRules({rule.arn: rule for rule in (base, *rules)}, ours or {})
    (step,) = plan_header_route(intent(*names), route, [SteeredRule(base.arn, GROUPS)], seen)
    return step


def test_a_rule_does_the_same_as_the_base_for_the_headers_and_to_the_canary_alone() -> None:
    base = replace(BASE, actions=(COGNITO, FORWARD), transforms=(REWRITE,))
    assert planned(base=base) == HeaderRuleChange(
        HeaderRule(
            route="beta",
            base=BASE.arn,
            priority=9,
            conditions=frozenset({PATH, ALICE}),
            before_forward=(COGNITO,),
            group=CANARY,
            transforms=(REWRITE,),
        ),
        present=None,
    )


def test_above_a_default_action_a_rule_has_the_headers_alone() -> None:
    wanted = planned(FOREIGN, base=DEFAULT).wanted
    assert (wanted.priority, wanted.conditions, wanted.listener) == (50_000, frozenset({ALICE}), LISTENER)


def test_each_base_rule_has_one() -> None:
    other = replace(BASE, arn=arn("ba5e", listener="9f2b"), priority=77)
    seen = OwnedRules({rule.arn: rule for rule in (BASE, other, replace(MADE, arn=arn("1", "9f2b")))}, {})
    steps = plan_header_route(
        intent(), BETA, [SteeredRule(BASE.arn, GROUPS), SteeredRule(other.arn, GROUPS)], seen
    )
    assert [(step.wanted.base, step.wanted.priority) for step in steps] == [(BASE.arn, 9), (other.arn, 76)]


# What is there already


def test_a_rule_that_is_as_it_shall_be_is_done() -> None:
    step = planned(MADE, ours={MADE.arn: "beta"})
    assert (step.present, step.is_done) == (MADE, True)


def test_a_rule_at_another_priority_of_the_gap_is_done() -> None:
    """Nothing is gained by moving it."""
    moved = replace(MADE, priority=6)
    step = planned(FOREIGN, moved, ours={MADE.arn: "beta"})
    assert (step.present, step.wanted.priority, step.is_done) == (moved, 6, True)


@pytest.mark.parametrize(
    "differing",
    [
        pytest.param(replace(MADE, conditions=frozenset({ALICE})), id="conditions"),
        pytest.param(replace(MADE, forwards=(Forward(STABLE, 1),)), id="target group"),
        pytest.param(replace(MADE, actions=(COGNITO, FORWARD)), id="authentication"),
        pytest.param(replace(MADE, transforms=(REWRITE,)), id="transforms"),
    ],
)
def test_a_rule_that_differs_is_changed_in_its_place(differing: ListenerRule) -> None:
    step = planned(differing, ours={MADE.arn: "beta"})
    assert (step.present, step.wanted.priority, step.is_done) == (differing, 9, False)


@pytest.mark.parametrize(
    ("there", "ours"),
    [
        pytest.param(MADE, {}, id="nobody's"),
        pytest.param(MADE, {MADE.arn: "internal"}, id="another route's"),
        pytest.param(replace(MADE, priority=4), {MADE.arn: "beta"}, id="above a foreign rule"),
        pytest.param(replace(MADE, priority=21), {MADE.arn: "beta"}, id="below the base"),
        pytest.param(
            replace(MADE, arn=arn("1", "9f2b")), {arn("1", "9f2b"): "beta"}, id="another listener's"
        ),
    ],
)
def test_other_rules_are_not_the_routes(there: ListenerRule, ours: dict[Arn, str]) -> None:
    base = replace(BASE, priority=20)
    assert planned(FOREIGN, there, ours=ours, base=base, names=("beta", "internal")).present is None


def test_routes_stand_in_the_order_of_managed_routes() -> None:
    internal = replace(MADE, priority=7)
    step = planned(internal, ours={internal.arn: "internal"}, names=("beta", "internal"))
    assert step.wanted.priority == 6


# What makes a base rule unfit


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        pytest.param(replace(BASE, unwritable=("Actions[0].MirrorConfig",)), RuleNotWritable, id="action"),
        pytest.param(replace(BASE, uncopyable=("Conditions[0].Ja4Config",)), RuleNotCopyable, id="condition"),
        pytest.param(replace(BASE, forwards=(Forward(WEB, 1),)), NoForwardToStable, id="not stable's"),
        pytest.param(replace(BASE, forwards=()), NoForwardToStable, id="a redirect"),
        pytest.param(
            replace(BASE, actions=({"Type": "authenticate-oidc"}, FORWARD)), OidcNotCopyable, id="OIDC"
        ),
        pytest.param(replace(BASE, priority=1), NoFreePriority, id="no room above"),
    ],
)
def test_a_base_rule_that_none_can_be_made_from_is_refused(
    base: ListenerRule, problem: type[Problem]
) -> None:
    with pytest.raises(problem):
        planned(base=base)


def test_a_base_rule_that_is_gone_is_refused() -> None:
    with pytest.raises(RuleNotFound):
        plan_header_route(intent(), BETA, [SteeredRule(BASE.arn, GROUPS)], OwnedRules({MADE.arn: MADE}, {}))


def test_a_rule_with_oidc_is_told_with_what_to_use_instead() -> None:
    oidc: Any = ({"Type": "authenticate-oidc"}, FORWARD)
    with pytest.raises(OidcNotCopyable) as caught:
        planned(base=replace(BASE, actions=oidc))
    assert caught.value.sentence == (
        "listener-rule/app/petclinic/50dc/9f2a/ba5e uses authenticate-oidc, and AWS never returns the "
        "client secret that the rule of a header route would need. Use authenticate-cognito or "
        "jwt-validation there, or remove the setHeaderRoute steps from the Rollout."
    )


def test_a_rule_with_unknown_parts_is_told_with_their_places() -> None:
    with pytest.raises(RuleNotCopyable) as caught:
        planned(base=replace(BASE, uncopyable=("Conditions[0].Ja4Config", "Owner")))
    assert caught.value.sentence == (
        "listener-rule/app/petclinic/50dc/9f2a/ba5e has elements that this version can't copy into a header "
        "route's rule (Conditions[0].Ja4Config, Owner). Upgrade the router (a newer boto3 may know them), or "
        "remove them from the rule."
    )


# Whether it is there, told without tags


def present(*rules: ListenerRule, base: ListenerRule = BASE) -> bool:
    seen = {rule.arn: rule for rule in (base, *rules)}
    return is_present(intent(), BETA, SteeredRule(base.arn, GROUPS), seen)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([], False, id="no rule"),
        pytest.param([MADE], True, id="as it shall be"),
        pytest.param([FOREIGN, replace(MADE, priority=6)], True, id="at any priority of the gap"),
        pytest.param([FOREIGN, replace(MADE, priority=4)], False, id="with a foreign rule in between"),
        pytest.param(
            [replace(FOREIGN, conditions=MADE.conditions), replace(MADE, priority=4)],
            True,
            id="with another Rollout's header route in between",
        ),
        pytest.param([replace(MADE, uncopyable=("Owner",))], False, id="with parts that nobody knows"),
        pytest.param(
            [MADE, replace(MADE, arn=arn("2"), priority=8, conditions=frozenset({PATH}))],
            True,
            id="beside another",
        ),
        pytest.param(
            [
                replace(MADE, priority=6),
                replace(
                    MADE,
                    arn=arn("2"),
                    priority=8,
                    conditions=frozenset({PATH, Condition("http-header", frozenset({"bob"}), name="X-User")}),
                ),
            ],
            True,
            id="with another route's rule in between",
        ),
        pytest.param([replace(MADE, priority=11)], False, id="below the base"),
        pytest.param([replace(MADE, conditions=frozenset({ALICE}))], False, id="with other conditions"),
        pytest.param([replace(MADE, forwards=(Forward(STABLE, 1),))], False, id="to stable"),
        pytest.param([replace(MADE, arn=arn("1", "9f2b"))], False, id="of another listener"),
    ],
)
def test_a_rule_is_there_when_one_above_the_base_does_the_same(
    rules: list[ListenerRule], expected: bool
) -> None:
    assert present(*rules) == expected


def test_a_default_action_has_its_rule_above_it() -> None:
    made = replace(MADE, priority=50_000, conditions=frozenset({ALICE}))
    assert present(made, base=DEFAULT)
    assert not present(replace(FOREIGN, priority=50_000), replace(made, priority=400), base=DEFAULT)
