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
    """By ARN: rules with the tags of the Rollout, a header condition, and a forward to one of its groups.

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
    rules = {
        **state.rules,
        on.base: replace(base, actions=tuple(_foreign(action, on) for action in base.actions)),
    }
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


def has_form(state: State, on: AnyListener, arn: str, route: AnyHeaderRoute) -> bool:
    """Whether the rule does the same as the named rule, but for the route's requests, and to the canary."""
    rule, base = state.rules[arn], state.rules[on.base]
    return (
        frozen(rule.transforms) == frozen(base.transforms)
        and [group for action in rule.actions for group, _ in forwards(action)] == [on.groups["was-canary"]]
        and _before_forward(rule) == _before_forward(base)
        and _has_conditions(rule, base, route)
    )


def is_in_position(state: State, on: AnyListener, arn: str) -> bool:
    """Whether the rule takes requests from the named rule alone: it is directly above it."""
    rule, base = state.rules[arn], state.rules[on.base]
    others_above = [
        _position(other)
        for other in _others_above(state, on)
        # A rule of an earlier process keeps its priority if it takes no requests from others there.
        if not (arn in on.state.rules and _narrows(other, base))
    ]
    return max(others_above, default=0) < _position(rule) < _position(base)


def gap(state: State, on: AnyListener) -> range:
    """The priorities between the named rule and the next rule above it that is not the Rollout's."""
    nearest = max(map(_position, _others_above(state, on)), default=0)
    return range(nearest + 1, _position(state.rules[on.base]))


def _others_above(state: State, on: AnyListener) -> list[Rule]:
    """The rules above the named rule, on its listener, that are not the Rollout's header rules."""
    base = state.rules[on.base]
    return [
        other
        for other in everything_else(state, on).rules.values()
        if other.listener_arn == base.listener_arn and 0 < (other.priority or 0) < _position(base)
    ]


def _narrows(rule: Rule, base: Rule) -> bool:
    """Whether the rule has the base's conditions, and header conditions in addition."""
    of_rule, of_base = _frozen_conditions(rule), _frozen_conditions(base)
    return of_base < of_rule and _frozen_conditions(rule, without_headers=True) <= of_base


def _position(rule: Rule) -> int:
    return rule.priority or 50_001


def _before_forward(rule: Rule) -> list[Described]:
    return [action for action in rule.actions if action["Type"] != "forward"]


def _has_conditions(rule: Rule, base: Rule, route: AnyHeaderRoute) -> bool:
    """Whether the rule has the base's conditions, and for each header of the route one more."""
    of_base = {_name(condition) for condition in _headers(base)}
    added = [condition for condition in _headers(rule) if _name(condition) not in of_base]
    wanted = {name: some for name, some in route.by_header.items() if name not in of_base}
    return (
        _frozen_conditions(base) <= _frozen_conditions(rule)
        and _frozen_conditions(base, without_headers=True) == _frozen_conditions(rule, without_headers=True)
        and sorted(map(_name, added)) == sorted(wanted)
        and all(
            _meets(condition, match.meets) and not _meets(condition, match.misses)
            for condition in added
            for match in wanted[_name(condition)]
        )
    )


def _frozen_conditions(rule: Rule, *, without_headers: bool = False) -> set[Any]:
    return {
        frozen(condition)
        for condition in rule.conditions
        if not without_headers or condition["Field"] != "http-header"
    }


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
        return frozenset((key, frozen(member)) for key, member in value.items())
    return frozenset(map(frozen, value)) if isinstance(value, (list, tuple)) else value
