"""What `aws elbv2 describe-…` prints, as states to begin with: ARNs and all else stay as they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from elbv2_emulator.api import arns
from elbv2_emulator.api import as_described as returned
from elbv2_emulator.state import target_health as health
from elbv2_emulator.state.resources import Described, Listener, LoadBalancer, Rule, State, Target, TargetGroup

# The key of a describe call's output → the member that names each of its resources.
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


def states(documents: Sequence[Mapping[str, Any]]) -> dict[str, State]:
    """By region, from the outputs of any of the describe calls for load balancers, listeners, rules,
    target groups, target health and tags.

    Load balancers that are not of type application are left out, with all that is theirs. The output of
    describe-target-health does not say whose targets it tells of: "TargetGroupArn" must stand beside it,
    unless there is but one group. A target keeps the health that is told of it.
    Raises ValueError with a sentence for what is missing.
    """
    listed = {key: [one for document in documents for one in document.get(key, ())] for key in ARN_OF}
    targets = _targets(documents, [one["TargetGroupArn"] for one in listed["TargetGroups"]])
    regions = {arns.region_of(one[ARN_OF[key]]) for key, found in listed.items() for one in found}
    return {
        region: _state(
            {
                key: [one for one in found if arns.region_of(one[ARN_OF[key]]) == region]
                for key, found in listed.items()
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
                f"Whose targets are these? Beside '{HEALTH}' put \"TargetGroupArn\", the ARN of one of the "
                "target groups, for example by jq '. + {TargetGroupArn: \"arn:…\"}'"
            )
        found.setdefault(group, {}).update((_key(one), _target(one)) for one in document[HEALTH])
    return found


def _key(described: Described) -> tuple[str, int]:
    return described["Target"]["Id"], described["Target"]["Port"]


def _target(described: Described) -> Target:
    state = described["TargetHealth"]["State"]
    return Target(
        *_key(described),
        zone=described["Target"].get("AvailabilityZone"),
        set_state=state if state in health.SETTABLE else None,
    )


def _state(listed: Listed, targets: Mapping[str, Mapping[tuple[str, int], Target]]) -> State:
    balancers = {
        one["LoadBalancerArn"]: _load_balancer(one)
        for one in listed["LoadBalancers"]
        if one.get("Type", "application") == "application"
    }
    others = {one["LoadBalancerArn"] for one in listed["LoadBalancers"]} - balancers.keys()
    described = {
        one["ListenerArn"]: one for one in listed["Listeners"] if one["LoadBalancerArn"] not in others
    }
    left_out = {one["ListenerArn"] for one in listed["Listeners"]} - described.keys()
    rules = {one["RuleArn"]: _rule(one) for one in listed["Rules"]}
    rules = {arn: rule for arn, rule in rules.items() if rule.listener_arn not in left_out}
    with_default = {rule.listener_arn for rule in rules.values() if rule.is_default}
    made = [_default_rule(one) for arn, one in described.items() if arn not in with_default]
    groups = {
        one["TargetGroupArn"]: _target_group(one, targets.get(one["TargetGroupArn"], {}))
        for one in listed["TargetGroups"]
        if one.get("Protocol") in _PROTOCOLS
    }
    kept = {*balancers, *described, *rules, *groups}
    return State(
        load_balancers=balancers,
        listeners={arn: _listener(one) for arn, one in described.items()},
        rules=rules | {rule.arn: rule for rule in made},
        target_groups=groups,
        tags={
            one["ResourceArn"]: {tag["Key"]: tag.get("Value", "") for tag in one["Tags"]}
            for one in listed["TagDescriptions"]
            if one["ResourceArn"] in kept
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
        conditions=returned.conditions(described.get("Conditions", ())),
        actions=returned.actions(described["Actions"]),
        transforms=tuple(described.get("Transforms", ())),
    )


def _default_rule(listener: Described) -> Rule:
    arn = listener["ListenerArn"]
    return Rule(
        arn=arns.rule_arn(arn, arns.identity(0, "default", arn)),
        listener_arn=arn,
        priority=None,
        conditions=(),
        actions=returned.actions(listener["DefaultActions"]),
    )


def _target_group(described: Described, targets: Mapping[tuple[str, int], Target]) -> TargetGroup:
    settings = _without(described, "TargetGroupArn", "TargetGroupName", "LoadBalancerArns")
    return TargetGroup(
        described["TargetGroupArn"], described["TargetGroupName"], settings, attributes={}, targets=targets
    )


def _without(described: Described, *names: str) -> dict[str, Any]:
    return {name: value for name, value in described.items() if name not in names}
