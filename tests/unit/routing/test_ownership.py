"""Whose a header rule is."""

from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.routing.ownership import Installation, Owner, is_shaped_like_ours, route_of
from elbv2_trafficrouter.routing.rule import Condition, Forward, ListenerRule
from elbv2_trafficrouter.tags import may_be_tag_value

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE, BASE = (Arn(f"{OWNER}:listener-rule/app/petclinic/50dc/9f2a/{number}") for number in ("1a2b", "ba5e"))
STABLE, CANARY = Arn(f"{OWNER}:targetgroup/was-stable/1"), Arn(f"{OWNER}:targetgroup/was-canary/2")
WEB = Arn(f"{OWNER}:targetgroup/web/3")
WAS = Owner(Installation("lab", "green"), "petclinic", "was", "0b2f")
TAGS = {
    "elbv2-trafficrouter/cluster": "lab",
    "elbv2-trafficrouter/instance": "green",
    "elbv2-trafficrouter/rollout-namespace": "petclinic",
    "elbv2-trafficrouter/rollout": "was",
    "elbv2-trafficrouter/rollout-uid": "0b2f",
    "elbv2-trafficrouter/route": "beta",
}


def test_a_rules_tags_say_of_which_rollout_and_route_it_is() -> None:
    assert WAS.tags_of("beta") == TAGS


def test_a_rule_with_all_the_tags_is_the_routes() -> None:
    assert route_of(TAGS | {"team": "web"}, WAS) == "beta"


@pytest.mark.parametrize("key", sorted(TAGS))
def test_a_rule_that_lacks_one_of_the_tags_is_not_ours(key: str) -> None:
    assert route_of({name: value for name, value in TAGS.items() if name != key}, WAS) is None


@pytest.mark.parametrize("key", sorted(set(TAGS) - {"elbv2-trafficrouter/route"}))
@pytest.mark.parametrize("value", ["other", "", "LAB"])
def test_a_rule_with_another_value_is_not_ours(key: str, value: str) -> None:
    assert route_of(TAGS | {key: value}, WAS) is None


def test_an_installation_without_names_takes_no_other_installations_rules() -> None:
    nameless = replace(WAS, installation=Installation())
    assert nameless.tags_of("beta").keys() == TAGS.keys()
    assert route_of(nameless.tags_of("beta"), nameless) == "beta"
    assert route_of(TAGS, nameless) is None


# Form


MARKED = Condition("http-header", frozenset({"alice"}), name="X-User")
OURS = ListenerRule(RULE, (Forward(CANARY, 1),), (), priority=9, conditions=frozenset({MARKED}))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(OURS, True, id="to the canary"),
        pytest.param(replace(OURS, forwards=(Forward(STABLE, 1),)), True, id="to what was the canary's"),
        pytest.param(replace(OURS, forwards=(Forward(WEB, 1),)), False, id="elsewhere"),
        pytest.param(
            replace(OURS, forwards=(Forward(CANARY, 1), Forward(STABLE, 0))), False, id="to two groups"
        ),
        pytest.param(
            replace(OURS, forwards=(Forward(CANARY, 1), Forward(WEB, 0))), False, id="also elsewhere"
        ),
        pytest.param(replace(OURS, forwards=()), False, id="to none"),
        pytest.param(replace(OURS, conditions=frozenset()), False, id="for all requests"),
        pytest.param(
            replace(OURS, conditions=frozenset({Condition("host-header", frozenset({"example.com"}))})),
            False,
            id="for no header",
        ),
        pytest.param(replace(OURS, arn=BASE), False, id="the base rule"),
        pytest.param(replace(OURS, priority=None), False, id="a default action"),
    ],
)
def test_the_form_of_ours(rule: ListenerRule, expected: bool) -> None:
    assert is_shaped_like_ours(rule, {BASE}, {STABLE, CANARY}) is expected


# Tags' values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", True, id="empty"),
        pytest.param("beta-2_x.y:z/a=b+c@d e", True, id="all that may stand in one"),
        pytest.param("été 路线", True, id="any language"),
        pytest.param("x" * 256, True, id="256"),
        pytest.param("x" * 257, False, id="257"),
        pytest.param("a*", False, id="a star"),
        pytest.param("a\n", False, id="a line break"),
        pytest.param("a\tb", False, id="a tab"),
    ],
)
def test_what_a_tag_can_hold(text: str, expected: bool) -> None:
    assert may_be_tag_value(text) is expected
