"""Who owns a header rule."""

from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.routing.ownership import Installation, Owner, is_shaped_like_ours, route_of
from elbv2_trafficrouter.routing.rule import Condition, Forward, ListenerRule
from elbv2_trafficrouter.tags import may_be_tag_value
from support.router.intents import ACCOUNT, CANARY, STABLE, WEB
from support.router.intents import RULE as BASE

OWNED = Arn(f"{ACCOUNT}:listener-rule/app/petclinic/50dc/9f2a/1a2b")
WAS = Owner(Installation("lab", "green"), "petclinic", "was", "0b2f")
TAGS = {
    "elbv2-trafficrouter/cluster": "lab",
    "elbv2-trafficrouter/instance": "green",
    "elbv2-trafficrouter/rollout-namespace": "petclinic",
    "elbv2-trafficrouter/rollout": "was",
    "elbv2-trafficrouter/rollout-uid": "0b2f",
    "elbv2-trafficrouter/route": "beta",
}


def test_the_tags_of_a_rule_identify_its_rollout_and_its_route() -> None:
    assert WAS.tags_of("beta") == TAGS


def test_a_rule_with_all_the_tags_belongs_to_the_route() -> None:
    assert route_of(TAGS | {"team": "web"}, WAS) == "beta"


@pytest.mark.parametrize("key", sorted(TAGS))
def test_a_rule_that_lacks_one_of_the_tags_is_not_owned(key: str) -> None:
    assert route_of({name: value for name, value in TAGS.items() if name != key}, WAS) is None


@pytest.mark.parametrize("key", sorted(set(TAGS) - {"elbv2-trafficrouter/route"}))
@pytest.mark.parametrize("value", ["other", "", "LAB"])
def test_a_rule_with_another_value_in_a_tag_is_not_owned(key: str, value: str) -> None:
    assert route_of(TAGS | {key: value}, WAS) is None


def test_an_installation_without_names_does_not_own_the_rules_of_others() -> None:
    nameless = replace(WAS, installation=Installation())
    assert nameless.tags_of("beta").keys() == TAGS.keys()
    assert route_of(nameless.tags_of("beta"), nameless) == "beta"
    assert route_of(TAGS, nameless) is None


# Form


ALICE = Condition("http-header", frozenset({"alice"}), name="X-User")
OF_BETA = ListenerRule(OWNED, (Forward(CANARY, 1),), (), priority=9, conditions=frozenset({ALICE}))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(OF_BETA, True, id="to the canary"),
        pytest.param(
            replace(OF_BETA, forwards=(Forward(STABLE, 1),)), True, id="to another group of the Rollout"
        ),
        pytest.param(replace(OF_BETA, forwards=(Forward(WEB, 1),)), False, id="to a foreign group"),
        pytest.param(
            replace(OF_BETA, forwards=(Forward(CANARY, 1), Forward(STABLE, 0))), False, id="to two groups"
        ),
        pytest.param(
            replace(OF_BETA, forwards=(Forward(CANARY, 1), Forward(WEB, 0))),
            False,
            id="also to a foreign group",
        ),
        pytest.param(replace(OF_BETA, forwards=()), False, id="to no group"),
        pytest.param(replace(OF_BETA, conditions=frozenset()), False, id="without conditions"),
        pytest.param(
            replace(OF_BETA, conditions=frozenset({Condition("host-header", frozenset({"example.com"}))})),
            False,
            id="without a header condition",
        ),
        pytest.param(replace(OF_BETA, arn=BASE), False, id="the base rule"),
        pytest.param(replace(OF_BETA, priority=None), False, id="a default action"),
    ],
)
def test_an_owned_rule_sends_requests_with_a_header_to_one_of_the_groups(
    rule: ListenerRule, expected: bool
) -> None:
    assert is_shaped_like_ours(rule, {BASE}, {STABLE, CANARY}) is expected


# Values of tags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", True, id="empty"),
        pytest.param("beta-2_x.y:z/a=b+c@d e", True, id="all characters that are allowed"),
        pytest.param("été 路线", True, id="any language"),
        pytest.param("x" * 256, True, id="256"),
        pytest.param("x" * 257, False, id="257"),
        pytest.param("a*", False, id="a star"),
        pytest.param("a\n", False, id="a line break"),
        pytest.param("a\tb", False, id="a tab"),
    ],
)
def test_which_texts_can_be_the_value_of_a_tag(text: str, expected: bool) -> None:
    assert may_be_tag_value(text) is expected
