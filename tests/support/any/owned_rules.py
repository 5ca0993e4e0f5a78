"""Which rules are a Rollout's header rules, and what they must be: decided without the router's code."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from elbv2_emulator.state.resources import Described, Rule, State, forwards
from elbv2_emulator.traffic.matching import Request, matches
from support.any.header_route import AnyHeaderRoute
from support.any.listener import AnyListener
from support.any.rule import ROUTE_TAG, TAGS


@dataclass(frozen=True)
class OwnedRule:
    rule: Rule
    route: str


def owned_rules(state: State, on: AnyListener) -> dict[str, OwnedRule]:
    """By ARN: rules with all our tags, a forward to one of our groups alone, and a header condition.

    The rule that the Rollout names is not among them.
    """
    found = {}
    for arn, rule in state.rules.items():
        tags = state.tags.get(arn, {})
        groups = [group for action in rule.actions for group, _ in forwards(action)]
        is_alike = len(groups) == 1 and groups[0] in on.groups.values() and bool(_headers(rule))
        if is_alike and arn != on.base and {**TAGS, ROUTE_TAG: tags.get(ROUTE_TAG)}.items() <= tags.items():
            found[arn] = OwnedRule(rule, tags[ROUTE_TAG])
    return found


def everything_else(state: State, on: AnyListener) -> State:
    """The state without owned rules. Of the rule that the Rollout names, the shares of foreign groups."""
    left_out = owned_rules(state, on).keys()
    base = state.rules[on.base]
    rules = {**state.rules, on.base: replace(base, actions=tuple(_foreign(one, on) for one in base.actions))}
    return replace(
        state,
        version=0,
        rules={arn: rule for arn, rule in rules.items() if arn not in left_out},
        # An empty mapping of tags means the same as none.
        tags={arn: tags for arn, tags in state.tags.items() if tags and arn not in left_out},
    )


def _foreign(action: Described, on: AnyListener) -> Described:
    if action["Type"] != "forward":
        return action
    weights = dict(forwards(action))
    foreign = {group: weight or 0 for group, weight in weights.items() if group not in on.groups.values()}
    total = sum(weight or 0 for weight in weights.values())
    # Without foreign groups our groups have everything, whatever the sum of their weights.
    shares = {group: Fraction(weight, total or 1) for group, weight in foreign.items()}
    stickiness = action["ForwardConfig"]["TargetGroupStickinessConfig"]
    return {"Type": "forward", "Order": action["Order"], "shares": shares, "stickiness": stickiness}


def check_header_rule(state: State, on: AnyListener, arn: str, route: AnyHeaderRoute) -> None:
    """The rule must be directly above the named rule, and like it send the route's requests to the canary."""
    rule, base = state.rules[arn], state.rules[on.base]
    assert frozen(rule.transforms) == frozen(base.transforms)
    assert [group for action in rule.actions for group, _ in forwards(action)] == [on.groups["was-canary"]]
    assert [one for one in rule.actions if one["Type"] != "forward"] == [
        one for one in base.actions if one["Type"] != "forward"
    ]
    _check_conditions(rule, base, route)
    others_above = [
        one.priority
        for one in everything_else(state, on).rules.values()
        if one.listener_arn == base.listener_arn
        and one.priority
        and one.priority < _position(base)
        # A rule of an earlier process keeps its priority if it takes no requests from others there.
        and not (arn in on.state.rules and _narrows(one, base))
    ]
    assert max(others_above, default=0) < _position(rule) < _position(base)


def is_header_rule(state: State, on: AnyListener, arn: str, route: AnyHeaderRoute) -> bool:
    try:
        check_header_rule(state, on, arn, route)
    except AssertionError:
        return False
    return True


def _narrows(rule: Rule, base: Rule) -> bool:
    """Whether the rule has the base's conditions, and header conditions in addition."""
    conditions = {frozen(one) for one in rule.conditions if one["Field"] != "http-header"}
    return {frozen(one) for one in base.conditions} < {frozen(one) for one in rule.conditions} and (
        conditions <= {frozen(one) for one in base.conditions}
    )


def _position(rule: Rule) -> int:
    return rule.priority or 50_001


def _check_conditions(rule: Rule, base: Rule, route: AnyHeaderRoute) -> None:
    assert {frozen(one) for one in base.conditions} <= {frozen(one) for one in rule.conditions}
    assert {frozen(one) for one in rule.conditions if one["Field"] != "http-header"} == {
        frozen(one) for one in base.conditions if one["Field"] != "http-header"
    }
    of_base = {_name(one) for one in _headers(base)}
    added = [one for one in _headers(rule) if _name(one) not in of_base]
    wanted = {name: some for name, some in route.by_header.items() if name not in of_base}
    assert sorted(map(_name, added)) == sorted(wanted)
    for condition in added:
        for match in wanted[_name(condition)]:
            assert _meets(condition, match.meets)
            assert not _meets(condition, match.misses)


def _meets(condition: Described, value: str) -> bool:
    request = Request("GET", "a.example.com", "/", "", ((_name(condition), value),), "127.0.0.1")
    return matches(Rule("", "", 1, (condition,), ()), request)


def _headers(rule: Rule) -> list[Described]:
    return [condition for condition in rule.conditions if condition["Field"] == "http-header"]


def _name(condition: Described) -> str:
    return str(condition["HttpHeaderConfig"]["HttpHeaderName"]).lower()


def frozen(value: Any) -> Any:
    """A value that is equal for lists that differ in their order only."""
    if isinstance(value, Mapping):
        return frozenset((key, frozen(one)) for key, one in value.items())
    return frozenset(map(frozen, value)) if isinstance(value, (list, tuple)) else value
