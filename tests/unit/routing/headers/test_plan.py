"""Which rules a header route needs, and how they differ from those that exist."""

from dataclasses import replace
from typing import Any

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.managed_routes import NoFreePriority, OidcNotCopyable, RuleNotCopyable
from elbv2_trafficrouter.errors.rules import NoForwardToStable, RuleNotFound, RuleNotWritable
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute, Intent, ManagedRoutes
from elbv2_trafficrouter.routing.headers.plan import (
    HeaderRuleChange,
    OwnedRules,
    is_present,
    plan_header_route,
)
from elbv2_trafficrouter.routing.rule import Condition, Forward, HeaderRule, ListenerRule, SteeredRule
from support.router.intents import ACCOUNT, CANARY, GROUPS, LISTENER, RULE, STABLE, WEB, asking_for

BETA = HeaderRoute("beta", (HeaderMatch("X-User", exact="alice"),))
PATH = Condition("path-pattern", frozenset({"/petclinic*"}))
ALICE = Condition("http-header", frozenset({"alice"}), name="X-User")
COGNITO = {"Type": "authenticate-cognito", "Order": 1}
FORWARD = {"Type": "forward", "Order": 2}
REWRITE = {"Type": "url-rewrite"}


def arn(number: str, listener: str = "9f2a") -> Arn:
    return Arn(f"{ACCOUNT}:listener-rule/app/petclinic/50dc/{listener}/{number}")


BASE = ListenerRule(
    RULE,
    (Forward(STABLE, 9), Forward(CANARY, 1)),
    (FORWARD,),
    priority=10,
    conditions=frozenset({PATH}),
)
DEFAULT = ListenerRule(LISTENER, (Forward(STABLE, 1),), (FORWARD,))
OF_BETA = ListenerRule(
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
    return asking_for(0, managed_routes=ManagedRoutes(names=names or ("beta",)))


def planned(
    *rules: ListenerRule,
    owned: dict[Arn, str] | None = None,
    base: ListenerRule = BASE,
    route: HeaderRoute = BETA,
    names: tuple[str, ...] = ("beta",),
) -> HeaderRuleChange:
    existing = OwnedRules({rule.arn: rule for rule in (base, *rules)}, owned or {})
    (change,) = plan_header_route(intent(*names), route, [SteeredRule(base.arn, GROUPS)], existing)
    return change


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


def test_each_base_rule_has_a_rule_above_it() -> None:
    other = replace(BASE, arn=arn("ba5e", listener="9f2b"), priority=77)
    existing = OwnedRules(
        {rule.arn: rule for rule in (BASE, other, replace(OF_BETA, arn=arn("1", "9f2b")))}, {}
    )
    changes = plan_header_route(
        intent(), BETA, [SteeredRule(BASE.arn, GROUPS), SteeredRule(other.arn, GROUPS)], existing
    )
    assert [(change.wanted.base, change.wanted.priority) for change in changes] == [
        (BASE.arn, 9),
        (other.arn, 76),
    ]


# Rules that exist


def test_a_rule_that_exists_as_needed_needs_no_change() -> None:
    change = planned(OF_BETA, owned={OF_BETA.arn: "beta"})
    assert (change.present, change.is_done) == (OF_BETA, True)


def test_a_rule_at_another_priority_in_the_gap_needs_no_change() -> None:
    """Moving it has no advantage."""
    moved = replace(OF_BETA, priority=6)
    change = planned(FOREIGN, moved, owned={OF_BETA.arn: "beta"})
    assert (change.present, change.wanted.priority, change.is_done) == (moved, 6, True)


@pytest.mark.parametrize(
    "differing",
    [
        pytest.param(replace(OF_BETA, conditions=frozenset({ALICE})), id="conditions"),
        pytest.param(replace(OF_BETA, forwards=(Forward(STABLE, 1),)), id="target group"),
        pytest.param(replace(OF_BETA, actions=(COGNITO, FORWARD)), id="authentication"),
        pytest.param(replace(OF_BETA, transforms=(REWRITE,)), id="transforms"),
    ],
)
def test_a_rule_that_differs_is_changed_in_place(differing: ListenerRule) -> None:
    change = planned(differing, owned={OF_BETA.arn: "beta"})
    assert (change.present, change.wanted.priority, change.is_done) == (differing, 9, False)


@pytest.mark.parametrize(
    ("other", "owned"),
    [
        pytest.param(OF_BETA, {}, id="nobody's"),
        pytest.param(OF_BETA, {OF_BETA.arn: "internal"}, id="another route's"),
        pytest.param(replace(OF_BETA, priority=4), {OF_BETA.arn: "beta"}, id="above a foreign rule"),
        pytest.param(replace(OF_BETA, priority=21), {OF_BETA.arn: "beta"}, id="below the base"),
        pytest.param(
            replace(OF_BETA, arn=arn("1", "9f2b")), {arn("1", "9f2b"): "beta"}, id="another listener's"
        ),
    ],
)
def test_other_rules_are_not_taken_for_the_routes_rule(other: ListenerRule, owned: dict[Arn, str]) -> None:
    base = replace(BASE, priority=20)
    assert planned(FOREIGN, other, owned=owned, base=base, names=("beta", "internal")).present is None


def test_rules_are_in_the_order_of_managed_routes() -> None:
    internal = replace(OF_BETA, priority=7)
    change = planned(internal, owned={internal.arn: "internal"}, names=("beta", "internal"))
    assert change.wanted.priority == 6


# Base rules that are refused


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        pytest.param(replace(BASE, unwritable=("Actions[0].MirrorConfig",)), RuleNotWritable, id="action"),
        pytest.param(replace(BASE, uncopyable=("Conditions[0].Ja4Config",)), RuleNotCopyable, id="condition"),
        pytest.param(
            replace(BASE, forwards=(Forward(WEB, 1),)), NoForwardToStable, id="no forward to stable"
        ),
        pytest.param(replace(BASE, forwards=()), NoForwardToStable, id="a redirect"),
        pytest.param(
            replace(BASE, actions=({"Type": "authenticate-oidc"}, FORWARD)), OidcNotCopyable, id="OIDC"
        ),
        pytest.param(replace(BASE, priority=1), NoFreePriority, id="no room above"),
    ],
)
def test_a_base_rule_that_cannot_be_copied_is_refused(base: ListenerRule, problem: type[Problem]) -> None:
    with pytest.raises(problem):
        planned(base=base)


def test_a_base_rule_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RuleNotFound):
        plan_header_route(
            intent(), BETA, [SteeredRule(BASE.arn, GROUPS)], OwnedRules({OF_BETA.arn: OF_BETA}, {})
        )


def test_the_error_for_oidc_suggests_what_to_use_instead() -> None:
    oidc: Any = ({"Type": "authenticate-oidc"}, FORWARD)
    with pytest.raises(OidcNotCopyable) as caught:
        planned(base=replace(BASE, actions=oidc))
    assert caught.value.sentence == (
        "listener-rule/app/petclinic/50dc/9f2a/ba5e uses authenticate-oidc, and AWS never returns the "
        "client secret that the rule of a header route would need. Use authenticate-cognito or "
        "jwt-validation there, or remove the setHeaderRoute steps from the Rollout."
    )


def test_the_error_for_unknown_elements_says_where_they_are() -> None:
    with pytest.raises(RuleNotCopyable) as caught:
        planned(base=replace(BASE, uncopyable=("Conditions[0].Ja4Config", "Owner")))
    assert caught.value.sentence == (
        "listener-rule/app/petclinic/50dc/9f2a/ba5e has elements that this version can't copy into a header "
        "route's rule (Conditions[0].Ja4Config, Owner). Upgrade the router (a newer boto3 may know them), or "
        "remove them from the rule."
    )


# Whether a rule exists, decided without tags


def present(*rules: ListenerRule, base: ListenerRule = BASE) -> bool:
    existing = {rule.arn: rule for rule in (base, *rules)}
    return is_present(intent(), BETA, SteeredRule(base.arn, GROUPS), existing)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([], False, id="no rule"),
        pytest.param([OF_BETA], True, id="as needed"),
        pytest.param([FOREIGN, replace(OF_BETA, priority=6)], True, id="at any priority in the gap"),
        pytest.param([FOREIGN, replace(OF_BETA, priority=4)], False, id="with a foreign rule in between"),
        pytest.param(
            [replace(FOREIGN, conditions=OF_BETA.conditions), replace(OF_BETA, priority=4)],
            True,
            id="with another Rollout's header route in between",
        ),
        pytest.param([replace(OF_BETA, uncopyable=("Owner",))], False, id="with unknown elements"),
        pytest.param(
            [OF_BETA, replace(OF_BETA, arn=arn("2"), priority=8, conditions=frozenset({PATH}))],
            True,
            id="with the base's twin in between",
        ),
        pytest.param(
            [
                replace(OF_BETA, priority=6),
                replace(
                    OF_BETA,
                    arn=arn("2"),
                    priority=8,
                    conditions=frozenset({PATH, Condition("http-header", frozenset({"bob"}), name="X-User")}),
                ),
            ],
            True,
            id="with another route's rule in between",
        ),
        pytest.param([replace(OF_BETA, priority=11)], False, id="below the base"),
        pytest.param([replace(OF_BETA, conditions=frozenset({ALICE}))], False, id="with other conditions"),
        pytest.param([replace(OF_BETA, forwards=(Forward(STABLE, 1),))], False, id="to stable"),
        pytest.param([replace(OF_BETA, arn=arn("1", "9f2b"))], False, id="of another listener"),
    ],
)
def test_a_rule_is_present_if_a_rule_above_the_base_does_the_same(
    rules: list[ListenerRule], expected: bool
) -> None:
    assert present(*rules) == expected


def test_a_rule_above_a_default_action_is_present() -> None:
    rule = replace(OF_BETA, priority=50_000, conditions=frozenset({ALICE}))
    assert present(rule, base=DEFAULT)
    assert not present(replace(FOREIGN, priority=50_000), replace(rule, priority=400), base=DEFAULT)
