"""Builds states from the output of `aws elbv2 describe-…`. ARNs and everything else stay unchanged."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from elbv2_emulator.api import arns, as_described
from elbv2_emulator.api.actions.target_groups import ATTRIBUTES
from elbv2_emulator.api.attributes import defaults
from elbv2_emulator.state import target_health
from elbv2_emulator.state.resources import Described, Listener, LoadBalancer, Rule, State, Target, TargetGroup

# Key of a describe call's output → the member that holds the ARN of each resource.
ARN_OF: Mapping[str, str] = {
    "LoadBalancers": "LoadBalancerArn",
    "Listeners": "ListenerArn",
    "Rules": "RuleArn",
    "TargetGroups": "TargetGroupArn",
    "TagDescriptions": "ResourceArn",
}
HEALTH = "TargetHealthDescriptions"
_LISTENER_SETTINGS = ("SslPolicy", "Certificates", "MutualAuthentication")
_PROTOCOLS = ("HTTP", "HTTPS")

Listed: TypeAlias = Mapping[str, Sequence[Described]]


def states_from(documents: Sequence[Mapping[str, Any]]) -> dict[str, State]:
    """The state of each region, from the output of any describe commands for load balancers, listeners,
    rules, target groups, target health and tags.

    Load balancers that are not of type application are left out, with their listeners, rules and groups.
    The output of describe-target-health does not name its target group: "TargetGroupArn" must be added to it,
    unless there is only one group. A target keeps its described health.
    Raises ValueError if something is missing.
    """
    listed = {
        key: [resource for document in documents for resource in document.get(key, ())] for key in ARN_OF
    }
    targets = _targets(documents, [group["TargetGroupArn"] for group in listed["TargetGroups"]])
    regions = {
        arns.region_of(resource[ARN_OF[key]]) for key, resources in listed.items() for resource in resources
    }
    return {
        region: _state(
            {
                key: [resource for resource in resources if arns.region_of(resource[ARN_OF[key]]) == region]
                for key, resources in listed.items()
            },
            targets,
        )
        for region in sorted(regions)
    }


def _targets(
    documents: Sequence[Mapping[str, Any]], groups: Sequence[str]
) -> Mapping[str, Mapping[tuple[str, int], Target]]:
    found: dict[str, dict[tuple[str, int], Target]] = {}
    for document in documents:
        if HEALTH not in document:
            continue
        group = document.get("TargetGroupArn", groups[0] if len(set(groups)) == 1 else None)
        if group not in groups:
            raise ValueError(
                f"'{HEALTH}' does not name its target group. Add \"TargetGroupArn\" next to it, with the ARN "
                "of one of the target groups, for example with jq '. + {TargetGroupArn: \"arn:…\"}'"
            )
        found.setdefault(group, {}).update((_key(target), _target(target)) for target in document[HEALTH])
    return found


def _key(described: Described) -> tuple[str, int]:
    return described["Target"]["Id"], described["Target"]["Port"]


def _target(described: Described) -> Target:
    state = described["TargetHealth"]["State"]
    return Target(
        *_key(described),
        zone=described["Target"].get("AvailabilityZone"),
        set_state=state if state in target_health.SETTABLE else None,
    )


def _state(listed: Listed, targets: Mapping[str, Mapping[tuple[str, int], Target]]) -> State:
    balancers = {
        balancer["LoadBalancerArn"]: _load_balancer(balancer)
        for balancer in listed["LoadBalancers"]
        if balancer.get("Type", "application") == "application"
    }
    others = {balancer["LoadBalancerArn"] for balancer in listed["LoadBalancers"]} - balancers.keys()
    listeners = {
        listener["ListenerArn"]: listener
        for listener in listed["Listeners"]
        if listener["LoadBalancerArn"] not in others
    }
    left_out = {listener["ListenerArn"] for listener in listed["Listeners"]} - listeners.keys()
    rules = {rule["RuleArn"]: _rule(rule) for rule in listed["Rules"]}
    rules = {arn: rule for arn, rule in rules.items() if rule.listener_arn not in left_out}
    with_default = {rule.listener_arn for rule in rules.values() if rule.is_default}
    defaults = [_default_rule(listener) for arn, listener in listeners.items() if arn not in with_default]
    groups = {
        group["TargetGroupArn"]: _target_group(group, targets.get(group["TargetGroupArn"], {}))
        for group in listed["TargetGroups"]
        if group.get("Protocol") in _PROTOCOLS
    }
    kept = {*balancers, *listeners, *rules, *groups}
    return State(
        load_balancers=balancers,
        listeners={arn: _listener(listener) for arn, listener in listeners.items()},
        rules=rules | {rule.arn: rule for rule in defaults},
        target_groups=groups,
        tags={
            resource["ResourceArn"]: {tag["Key"]: tag.get("Value", "") for tag in resource["Tags"]}
            for resource in listed["TagDescriptions"]
            if resource["ResourceArn"] in kept
        },
    )


def _load_balancer(described: Described) -> LoadBalancer:
    settings = _without(described, "LoadBalancerArn", "LoadBalancerName")
    created = datetime.fromisoformat(described["CreatedTime"])
    return LoadBalancer(
        described["LoadBalancerArn"], described["LoadBalancerName"], {**settings, "CreatedTime": created}
    )


def _listener(described: Described) -> Listener:
    return Listener(
        arn=described["ListenerArn"],
        load_balancer_arn=described["LoadBalancerArn"],
        protocol=described["Protocol"],
        port=described["Port"],
        settings={name: described[name] for name in _LISTENER_SETTINGS if described.get(name)},
    )


def _rule(described: Described) -> Rule:
    priority = described["Priority"]
    return Rule(
        arn=described["RuleArn"],
        listener_arn=described["RuleArn"].replace(":listener-rule/", ":listener/").rpartition("/")[0],
        priority=None if priority == "default" else int(priority),
        conditions=as_described.conditions(described.get("Conditions", ())),
        actions=as_described.actions(described["Actions"]),
        transforms=tuple(described.get("Transforms", ())),
    )


def _default_rule(listener: Described) -> Rule:
    arn = listener["ListenerArn"]
    return Rule(
        arn=arns.rule_arn(arn, arns.identity(0, "default", arn)),
        listener_arn=arn,
        priority=None,
        conditions=(),
        actions=as_described.actions(listener["DefaultActions"]),
    )


def _target_group(described: Described, targets: Mapping[tuple[str, int], Target]) -> TargetGroup:
    settings = _without(described, "TargetGroupArn", "TargetGroupName", "LoadBalancerArns")
    return TargetGroup(
        described["TargetGroupArn"],
        described["TargetGroupName"],
        settings,
        attributes=defaults(ATTRIBUTES),  # the output does not have them
        targets=targets,
    )


def _without(described: Described, *names: str) -> dict[str, Any]:
    return {name: value for name, value in described.items() if name not in names}
