"""A described rule ↔ ListenerRule: what comes back from ELBv2 cannot always be sent back.

Source: API reference, CreateRule and ModifyRule. Pure.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.aws.conditions import conditions
from elbv2_trafficrouter.routing.rule import Condition, Forward, HeaderRule, ListenerRule
from elbv2_trafficrouter.routing.weights.exact import MAX_WEIGHT

Described = Mapping[str, Any]


def listener_rule(rule: Described, unmodelled: tuple[str, ...] = ()) -> ListenerRule:
    """A rule as DescribeRules or ModifyRule gives it."""
    is_default = rule.get("IsDefault", False)
    understood, strange = conditions(rule.get("Conditions", ()))
    return _rule(
        # What a default action is written by; its rule's own ARN leads to OperationNotPermitted.
        listener_of(Arn(rule["RuleArn"])) if is_default else Arn(rule["RuleArn"]),
        rule.get("Actions", ()),
        unmodelled,
        priority=None if is_default else int(rule.get("Priority", 0)),
        conditions=understood,
        transforms=tuple(sorted(rule.get("Transforms", ()), key=repr)),
        strange=strange,
    )


def default_action(listener: Described) -> ListenerRule:
    """A listener's default action as ModifyListener gives it."""
    return _rule(Arn(listener["ListenerArn"]), listener["DefaultActions"])


def _rule(
    arn: Arn,
    described: Iterable[Described],
    unmodelled: Iterable[str] = (),
    *,
    priority: int | None = None,
    conditions: frozenset[Condition] = frozenset(),
    transforms: tuple[Described, ...] = (),
    strange: tuple[str, ...] = (),
) -> ListenerRule:
    actions = tuple(described)
    unknown = tuple(
        f"Actions[{index}].Type {action['Type']}"
        for index, action in enumerate(actions)
        if action["Type"] not in _TO_SEND
    )
    forwards = [_forwards(action) for action in actions if action["Type"] == "forward"]
    unreadable = () if _are_readable(forwards) else ("ForwardConfig.TargetGroups",)
    in_actions = tuple(place for place in unmodelled if place.startswith("Actions"))
    elsewhere = tuple(place for place in unmodelled if not place.startswith("Actions"))
    return ListenerRule(
        arn=arn,
        forwards=forwards[0] if forwards and not unreadable else (),
        actions=tuple(_TO_SEND.get(action["Type"], dict)(action) for action in actions),
        unwritable=in_actions + unknown + unreadable,
        priority=priority,
        conditions=conditions,
        transforms=transforms,
        uncopyable=elsewhere + strange,
    )


def _are_readable(forwards: list[tuple[Forward, ...]]) -> bool:
    """One forward action at most, each group once, weights 0…999: anything else has no shares to keep."""
    groups = [forward.group for action in forwards for forward in action]
    weights = [forward.weight for action in forwards for forward in action]
    in_range = all(0 <= weight <= MAX_WEIGHT for weight in weights)
    return len(forwards) <= 1 and len(groups) == len(set(groups)) and in_range


def actions_to_send(rule: ListenerRule) -> list[dict[str, Any]]:
    """All actions for ModifyRule, which replaces them wholesale: as described, with the rule's forwards."""
    actions: tuple[Described, ...] = rule.actions
    return [
        _forward(action, rule.forwards) if action["Type"] == "forward" else dict(action) for action in actions
    ]


def header_actions_to_send(rule: HeaderRule) -> list[dict[str, Any]]:
    """The base rule's authentication, then a forward to one target group with all traffic."""
    before: tuple[Described, ...] = rule.before_forward
    order = max((action["Order"] for action in before), default=0) + 1
    groups = [{"TargetGroupArn": rule.group, "Weight": 1}]
    return [
        *map(dict, before),
        {"Type": "forward", "Order": order, "ForwardConfig": {"TargetGroups": groups}},
    ]


def _forwards(action: Described) -> tuple[Forward, ...]:
    groups = action.get("ForwardConfig", {}).get("TargetGroups")
    if not groups and "TargetGroupArn" in action:
        groups = [{"TargetGroupArn": action["TargetGroupArn"]}]
    # A group that is alone may come without a weight; it has all the traffic.
    return tuple(Forward(Arn(group["TargetGroupArn"]), group.get("Weight", 1)) for group in groups or ())


def _forward(action: Described, forwards: tuple[Forward, ...]) -> dict[str, Any]:
    """Without the TargetGroupArn that is returned beside ForwardConfig: it would name one group alone."""
    described: Described = action.get("ForwardConfig", {})
    # What a newer botocore knows of a config or a group is kept: it passes the check for unmodelled elements.
    groups = {group["TargetGroupArn"]: group for group in described.get("TargetGroups", ())}
    config: dict[str, Any] = {
        **described,
        "TargetGroups": [
            {**groups.get(forward.group, {}), "TargetGroupArn": forward.group, "Weight": forward.weight}
            for forward in forwards
        ],
    }
    if "TargetGroupStickinessConfig" in described:
        # Disabled stickiness comes back without a duration; 0 and null are refused.
        stickiness = _without_empty(described["TargetGroupStickinessConfig"], "DurationSeconds")
        config["TargetGroupStickinessConfig"] = stickiness
    return _without(action, "TargetGroupArn") | {"ForwardConfig": config}


def _oidc(action: Described) -> dict[str, Any]:
    """The client secret never comes back; AWS keeps it when told so, and refuses both together."""
    config = _without_empty(action.get("AuthenticateOidcConfig", {}), "AuthenticationRequestExtraParams")
    kept = _without(config, "ClientSecret") | {"UseExistingClientSecret": True}
    return {**action, "AuthenticateOidcConfig": kept}


def _cognito(action: Described) -> dict[str, Any]:
    config = _without_empty(action.get("AuthenticateCognitoConfig", {}), "AuthenticationRequestExtraParams")
    return {**action, "AuthenticateCognitoConfig": config}


def _jwt(action: Described) -> dict[str, Any]:
    config = _without_empty(action.get("JwtValidationConfig", {}), "AdditionalClaims")
    return {**action, "JwtValidationConfig": config}


def _without(described: Described, key: str) -> dict[str, Any]:
    return {name: value for name, value in described.items() if name != key}


def _without_empty(described: Described, key: str) -> dict[str, Any]:
    return dict(described) if described.get(key) else _without(described, key)


_TO_SEND: dict[str, Callable[[Described], dict[str, Any]]] = {
    "forward": dict,  # _forward makes it ready when its groups are known
    "authenticate-oidc": _oidc,
    "authenticate-cognito": _cognito,
    "jwt-validation": _jwt,
    "redirect": dict,
    "fixed-response": dict,
}
