"""The operations on the rules of a listener."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elbv2_emulator.api import arns, as_described
from elbv2_emulator.api.actions.listeners import require as require_listener
from elbv2_emulator.api.actions.paging import page
from elbv2_emulator.api.actions.tags import with_tags
from elbv2_emulator.api.checks.actions import check_actions, check_groups
from elbv2_emulator.api.checks.conditions import check_conditions, check_transforms
from elbv2_emulator.api.errors import ApiError, ValidationError
from elbv2_emulator.api.limits import RULES_OF_BALANCER
from elbv2_emulator.state.resources import Rule, Scope, State, with_resource, without


def create_rule(state: State, parameters: Mapping[str, Any], _scope: Scope) -> tuple[State, dict[str, Any]]:
    listener = require_listener(state, parameters["ListenerArn"])
    priority = parameters["Priority"]
    sent, conditions = parameters["Actions"], parameters["Conditions"]
    transforms = parameters.get("Transforms", [])
    check_actions(sent, listener.protocol)
    check_conditions(conditions)
    check_transforms(transforms)
    check_groups(state, sent, listener.load_balancer_arn)
    if any(rule.priority == priority for rule in state.rules_of(listener.arn)):
        raise ApiError("PriorityInUse", f"Priority '{priority}' is currently in use")
    _check_quota(state, listener.load_balancer_arn)
    rule = Rule(
        arn=arns.rule_arn(listener.arn, arns.identity(state.version, "rule", listener.arn)),
        listener_arn=listener.arn,
        priority=priority,
        conditions=as_described.conditions(conditions),
        actions=as_described.actions(sent),
        transforms=tuple(transforms),
    )
    state = replace(state, rules=with_resource(state.rules, rule.arn, rule))
    return with_tags(state, rule.arn, parameters.get("Tags", ())), {"Rules": [description(rule)]}


def _check_quota(state: State, load_balancer_arn: str) -> None:
    own = [
        rule
        for rule in state.rules.values()
        if not rule.is_default and state.load_balancer_of(rule) == load_balancer_arn
    ]
    if len(own) >= RULES_OF_BALANCER:
        raise ApiError(
            "TooManyRules", f"The maximum number of rules on this load balancer is {RULES_OF_BALANCER}"
        )


def description(rule: Rule) -> dict[str, Any]:
    """The model's Rule."""
    structure = {
        "RuleArn": rule.arn,
        "Priority": "default" if rule.is_default else str(rule.priority),
        "Conditions": rule.conditions,
        "Actions": rule.actions,
        "IsDefault": rule.is_default,
    }
    return {**structure, "Transforms": rule.transforms} if rule.transforms else structure


def _require(state: State, arn: str) -> Rule:
    arns.check_kind(arn, "Rule")
    if arn not in state.rules:
        raise ApiError("RuleNotFound", f"One or more rules not found: '{arn}'")
    return state.rules[arn]


def describe_rules(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    wanted, listener = parameters.get("RuleArns"), parameters.get("ListenerArn")
    if bool(wanted) == bool(listener):
        raise ValidationError("You must specify either a listener ARN or rule ARNs, not both")
    if listener:
        found = state.rules_of(require_listener(state, listener).arn)
    else:
        found = [_require(state, arn) for arn in wanted or ()]
    shown, marker = page(found, parameters)
    return state, {"Rules": [description(rule) for rule in shown], **marker}


def modify_rule(state: State, parameters: Mapping[str, Any], _scope: Scope) -> tuple[State, dict[str, Any]]:
    """Each specified member replaces the rule's whole member; the other members stay as they are."""
    rule = _require_not_default(state, parameters["RuleArn"], "modified")
    listener = state.listeners[rule.listener_arn]
    if "Actions" in parameters:
        check_actions(parameters["Actions"], listener.protocol, rule.actions)
        check_groups(state, parameters["Actions"], listener.load_balancer_arn)
        rule = replace(rule, actions=as_described.actions(parameters["Actions"]))
    if "Conditions" in parameters:
        check_conditions(parameters["Conditions"])
        rule = replace(rule, conditions=as_described.conditions(parameters["Conditions"]))
    if parameters.get("ResetTransforms"):
        if parameters.get("Transforms"):
            raise ValidationError("'Transforms' and 'ResetTransforms' cannot both be specified")
        rule = replace(rule, transforms=())
    elif parameters.get("Transforms"):
        check_transforms(parameters["Transforms"])
        rule = replace(rule, transforms=tuple(parameters["Transforms"]))
    return replace(state, rules=with_resource(state.rules, rule.arn, rule)), {"Rules": [description(rule)]}


def _require_not_default(state: State, arn: str, participle: str) -> Rule:
    rule = _require(state, arn)
    if rule.is_default:
        raise ApiError("OperationNotPermitted", f"Default rule '{arn}' cannot be {participle}")
    return rule


def set_rule_priorities(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    wanted: dict[str, int] = {}
    for pair in parameters["RulePriorities"]:
        if "RuleArn" not in pair or "Priority" not in pair:
            raise ValidationError("A rule ARN and a priority must be specified for each rule")
        wanted[_require_not_default(state, pair["RuleArn"], "re-prioritized").arn] = pair["Priority"]
    if not wanted or len(wanted) < len(parameters["RulePriorities"]):
        raise ValidationError("Each rule must be specified once, and at least one")
    listeners = {state.rules[arn].listener_arn for arn in wanted}
    if len(listeners) > 1:
        raise ValidationError("All the rules must belong to the same listener")
    changed = {arn: replace(state.rules[arn], priority=priority) for arn, priority in wanted.items()}
    rules = {**state.rules, **changed}
    taken = [rule.priority for rule in rules.values() if rule.listener_arn in listeners]
    if twice := [priority for priority in wanted.values() if taken.count(priority) > 1]:
        raise ApiError("PriorityInUse", f"Priority '{twice[0]}' is currently in use")
    return replace(state, rules=rules), {"Rules": [description(rule) for rule in changed.values()]}


def delete_rule(state: State, parameters: Mapping[str, Any], _scope: Scope) -> tuple[State, dict[str, Any]]:
    gone = {_require_not_default(state, parameters["RuleArn"], "deleted").arn}
    return replace(state, rules=without(state.rules, gone), tags=without(state.tags, gone)), {}
