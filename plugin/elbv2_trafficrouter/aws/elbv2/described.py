"""Converts rules from and to ELBv2's form. Not everything that ELBv2 returns can be sent back unchanged.

Source: API reference, CreateRule and ModifyRule. Pure.
"""

from collections.abc import Callable, Iterable
from typing import Any

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.aws.elbv2.conditions import conditions
from elbv2_trafficrouter.aws.response import (
    MalformedResponse,
    Structure,
    arn_member,
    member,
    text_member,
)
from elbv2_trafficrouter.routing.rule import MAX_WEIGHT, Condition, Forward, HeaderRule, ListenerRule


def listener_rule(rule: Structure, unmodelled: tuple[str, ...] = ()) -> ListenerRule:
    """A rule as DescribeRules or ModifyRule returns it. Raises MalformedResponse.

    `unmodelled`: where the response has elements that botocore's model lacks.
    """
    arn = arn_member(rule, "RuleArn")
    is_default = rule.get("IsDefault", False)
    known, unknown = conditions(rule.get("Conditions", ()))
    return _rule(
        # ELBv2 returns OperationNotPermitted for a ModifyRule with the ARN of a default rule.
        listener_of(arn) if is_default else arn,
        rule.get("Actions", ()),
        unmodelled,
        priority=None if is_default else _priority(rule),
        conditions=known,
        transforms=tuple(sorted(rule.get("Transforms", ()), key=repr)),
        uncopyable=unknown,
        default_rule=arn if is_default else None,
    )


def default_action(listener: Structure) -> ListenerRule:
    """A listener's default action as ModifyListener returns it. Raises MalformedResponse."""
    return _rule(arn_member(listener, "ListenerArn"), member(listener, "DefaultActions"))


def _priority(rule: Structure) -> int:
    priority = text_member(rule, "Priority")
    if not priority.isdecimal():
        raise MalformedResponse("The priority is not a number")
    return int(priority)


def _rule(
    arn: Arn,
    described: Iterable[Structure],
    unmodelled: Iterable[str] = (),
    *,
    priority: int | None = None,
    conditions: frozenset[Condition] = frozenset(),
    transforms: tuple[Structure, ...] = (),
    uncopyable: tuple[str, ...] = (),
    default_rule: Arn | None = None,
) -> ListenerRule:
    actions = tuple(described)
    types = [text_member(action, "Type") for action in actions]
    unknown_types = tuple(
        f"Actions[{index}].Type {kind}" for index, kind in enumerate(types) if kind not in _TO_SEND
    )
    forwards = [_forwards(action) for action in actions if action["Type"] == "forward"]
    unknown_form = () if _have_shares(forwards) else ("ForwardConfig.TargetGroups",)
    in_actions = tuple(place for place in unmodelled if place.startswith("Actions"))
    elsewhere = tuple(place for place in unmodelled if not place.startswith("Actions"))
    return ListenerRule(
        arn=arn,
        forwards=forwards[0] if forwards and not unknown_form else (),
        actions=tuple(_TO_SEND.get(action["Type"], dict)(action) for action in actions),
        unwritable=in_actions + unknown_types + unknown_form,
        priority=priority,
        conditions=conditions,
        transforms=transforms,
        uncopyable=elsewhere + uncopyable,
        default_rule=default_rule,
    )


def _have_shares(forwards: list[tuple[Forward, ...]]) -> bool:
    """Whether there is at most one forward action, with each group once and weights from 0 to 999."""
    groups = [forward.group for action in forwards for forward in action]
    weights = [forward.weight for action in forwards for forward in action]
    in_range = all(0 <= weight <= MAX_WEIGHT for weight in weights)
    return len(forwards) <= 1 and len(groups) == len(set(groups)) and in_range


def actions_to_send(rule: ListenerRule) -> list[dict[str, Any]]:
    """All actions as described, with the rule's weights: ModifyRule replaces all actions of a rule."""
    actions: tuple[Structure, ...] = rule.actions
    return [
        _forward(action, rule.forwards) if action["Type"] == "forward" else dict(action) for action in actions
    ]


def header_actions_to_send(rule: HeaderRule) -> list[dict[str, Any]]:
    """The base rule's authentication, then a forward of all traffic to one target group."""
    before: tuple[Structure, ...] = rule.before_forward
    order = max((action.get("Order", 1) for action in before), default=0) + 1
    groups = [{"TargetGroupArn": rule.group, "Weight": 1}]
    return [
        *map(dict, before),
        {"Type": "forward", "Order": order, "ForwardConfig": {"TargetGroups": groups}},
    ]


def _forwards(action: Structure) -> tuple[Forward, ...]:
    groups = action.get("ForwardConfig", {}).get("TargetGroups")
    if not groups and "TargetGroupArn" in action:
        groups = [{"TargetGroupArn": action["TargetGroupArn"]}]
    # A lone group can come without a weight: it gets all the traffic.
    return tuple(
        Forward(Arn(text_member(group, "TargetGroupArn")), group.get("Weight", 1)) for group in groups or ()
    )


def _forward(action: Structure, forwards: tuple[Forward, ...]) -> dict[str, Any]:
    """Drops the TargetGroupArn that ELBv2 returns next to ForwardConfig: it can name only one group."""
    described: Structure = action.get("ForwardConfig", {})
    # Members that only a newer botocore knows are kept: they pass the check for unmodelled elements.
    groups = {group["TargetGroupArn"]: group for group in described.get("TargetGroups", ())}
    config: dict[str, Any] = {
        **described,
        "TargetGroups": [
            {**groups.get(forward.group, {}), "TargetGroupArn": forward.group, "Weight": forward.weight}
            for forward in forwards
        ],
    }
    if "TargetGroupStickinessConfig" in described:
        # Disabled stickiness has no duration; ELBv2 rejects 0 and null.
        stickiness = _without_empty(described["TargetGroupStickinessConfig"], "DurationSeconds")
        config["TargetGroupStickinessConfig"] = stickiness
    return _without(action, "TargetGroupArn") | {"ForwardConfig": config}


def _oidc(action: Structure) -> dict[str, Any]:
    """AWS never returns the client secret, but keeps it if UseExistingClientSecret is sent instead of one."""
    config = _without_empty(action.get("AuthenticateOidcConfig", {}), "AuthenticationRequestExtraParams")
    kept = _without(config, "ClientSecret") | {"UseExistingClientSecret": True}
    return {**action, "AuthenticateOidcConfig": kept}


def _cognito(action: Structure) -> dict[str, Any]:
    config = _without_empty(action.get("AuthenticateCognitoConfig", {}), "AuthenticationRequestExtraParams")
    return {**action, "AuthenticateCognitoConfig": config}


def _jwt(action: Structure) -> dict[str, Any]:
    config = _without_empty(action.get("JwtValidationConfig", {}), "AdditionalClaims")
    return {**action, "JwtValidationConfig": config}


def _without(described: Structure, key: str) -> dict[str, Any]:
    return {name: value for name, value in described.items() if name != key}


def _without_empty(described: Structure, key: str) -> dict[str, Any]:
    return dict(described) if described.get(key) else _without(described, key)


_TO_SEND: dict[str, Callable[[Structure], dict[str, Any]]] = {
    "forward": dict,  # actions_to_send completes it once the weights are known
    "authenticate-oidc": _oidc,
    "authenticate-cognito": _cognito,
    "jwt-validation": _jwt,
    "redirect": dict,
    "fixed-response": dict,
}
