"""The operations on target groups, and the attributes that a target group has."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elbv2_emulator.api import arns
from elbv2_emulator.api.actions.load_balancers import require as require_load_balancer
from elbv2_emulator.api.actions.names import check_name
from elbv2_emulator.api.actions.paging import check_how_many, page
from elbv2_emulator.api.actions.tags import with_tags
from elbv2_emulator.api.attributes import BOOLEAN, Attribute, between, defaults, one_of, text
from elbv2_emulator.api.errors import ApiError, ValidationError
from elbv2_emulator.api.limits import GROUPS, TARGETS_OF_GROUP
from elbv2_emulator.state.resources import Scope, State, TargetGroup, with_resource, without

PROTOCOLS = ("HTTP", "HTTPS")
TARGET_TYPES = ("instance", "ip")
VERSIONS = ("HTTP1", "HTTP2", "GRPC")
_CHECK_PATH = re.compile(r"/[!-~]*")
_HEALTH_CHECK_DEFAULTS: Mapping[str, Any] = {
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "HealthCheckEnabled": True,
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
}
DEREGISTRATION_DELAY = "deregistration_delay.timeout_seconds"
ATTRIBUTES: Mapping[str, Attribute] = {
    DEREGISTRATION_DELAY: Attribute("300", between(0, 3600)),
    "load_balancing.algorithm.anomaly_mitigation": Attribute("off", one_of("on", "off")),
    "load_balancing.algorithm.type": Attribute(
        "round_robin", one_of("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    "load_balancing.cross_zone.enabled": Attribute(
        "use_load_balancer_configuration", one_of("true", "false", "use_load_balancer_configuration")
    ),
    "slow_start.duration_seconds": Attribute("0", between(30, 900, "0")),
    "stickiness.app_cookie.cookie_name": Attribute("", text(4096)),
    "stickiness.app_cookie.duration_seconds": Attribute("86400", between(1, 604800)),
    "stickiness.enabled": Attribute("false", BOOLEAN),
    "stickiness.lb_cookie.duration_seconds": Attribute("86400", between(1, 604800)),
    "stickiness.type": Attribute("lb_cookie", one_of("lb_cookie", "app_cookie")),
    **{
        f"target_group_health.{what}.minimum_healthy_targets.{unit}": Attribute(default, allowed)
        for what, count in (
            ("dns_failover", between(1, TARGETS_OF_GROUP, "off")),
            ("unhealthy_state_routing", between(1, TARGETS_OF_GROUP)),
        )
        for unit, default, allowed in (("count", "1", count), ("percentage", "off", between(1, 100, "off")))
    },
}


def create_target_group(
    state: State, parameters: Mapping[str, Any], scope: Scope
) -> tuple[State, dict[str, Any]]:
    name = parameters["Name"]
    check_name(name, "Target group")
    settings = _settings(parameters)
    for existing in state.target_groups.values():
        if existing.name == name:
            if existing.settings == settings:
                return state, {"TargetGroups": [_description(state, existing)]}
            raise ApiError(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{name}' exists, but with different settings",
            )
    if len(state.target_groups) >= GROUPS:
        raise ApiError("TooManyTargetGroups", f"The maximum number of target groups is {GROUPS}")
    group = TargetGroup(
        arn=arns.target_group_arn(scope.region, name, arns.identity(state.version, "targetgroup", name)),
        name=name,
        settings=settings,
        attributes=defaults(ATTRIBUTES),
    )
    state = replace(state, target_groups=with_resource(state.target_groups, group.arn, group))
    state = with_tags(state, group.arn, parameters.get("Tags", ()))
    return state, {"TargetGroups": [_description(state, group)]}


def _settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    kind = parameters.get("TargetType", "instance")
    if kind not in TARGET_TYPES:
        raise ValidationError(
            f"This emulator supports target groups of types {' and '.join(TARGET_TYPES)} only, not '{kind}'"
        )
    for required in ("Protocol", "Port", "VpcId"):
        if required not in parameters:
            raise ValidationError(f"A {required} must be specified for a target group of type '{kind}'")
    if parameters["Protocol"] not in PROTOCOLS:
        raise ValidationError(
            f"This emulator supports target groups of protocols {' and '.join(PROTOCOLS)} only, "
            f"not '{parameters['Protocol']}'"
        )
    version = parameters.get("ProtocolVersion", "HTTP1")
    if version not in VERSIONS:
        raise ValidationError(f"Protocol version '{version}' must be one of {', '.join(VERSIONS)}")
    by_version = {
        "HealthCheckPath": "/AWS.ALB/healthcheck" if version == "GRPC" else "/",
        "Matcher": {"GrpcCode": "12"} if version == "GRPC" else {"HttpCode": "200"},
    }
    specified = {name: value for name, value in parameters.items() if name not in {"Name", "Tags"}}
    defaults = {"TargetType": kind, "ProtocolVersion": version, "IpAddressType": "ipv4"}
    settings = {**defaults, **_HEALTH_CHECK_DEFAULTS, **by_version, **specified}
    _check_health_check(settings)
    return settings


def _check_health_check(settings: Mapping[str, Any]) -> None:
    if settings["HealthCheckProtocol"] not in PROTOCOLS:
        raise ValidationError(f"Health check protocol '{settings['HealthCheckProtocol']}' is not supported")
    port = settings["HealthCheckPort"]
    if port != "traffic-port" and not between(1, 65535)(port):
        raise ValidationError(f"Health check port '{port}' must be 'traffic-port' or from 1 to 65535")
    path = settings["HealthCheckPath"]
    if not _CHECK_PATH.fullmatch(path):
        raise ValidationError(
            f"Health check path '{path}' must begin with a '/' and contain only printable ASCII characters"
        )
    if not settings["HealthCheckEnabled"]:
        raise ValidationError("Health checks cannot be disabled for target groups of this type")
    if settings["HealthCheckTimeoutSeconds"] >= settings["HealthCheckIntervalSeconds"]:
        raise ValidationError("Health check timeout must be smaller than the interval")


def _description(state: State, group: TargetGroup) -> dict[str, Any]:
    balancer = state.groups_in_use().get(group.arn)
    return {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        **group.settings,
        "LoadBalancerArns": [] if balancer is None else [balancer],
    }


def require(state: State, arn: str) -> TargetGroup:
    """The target group with this ARN. Raises AWS's error if it does not exist."""
    arns.check_kind(arn, "TargetGroup")
    if arn not in state.target_groups:
        raise ApiError("TargetGroupNotFound", f"Target groups '{arn}' not found")
    return state.target_groups[arn]


def describe_target_groups(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    wanted, names = parameters.get("TargetGroupArns"), parameters.get("Names")
    balancer = parameters.get("LoadBalancerArn")
    if sum(map(bool, (wanted, names, balancer))) > 1:
        raise ValidationError("Only one of load balancer ARN, target group ARNs and names can be specified")
    check_how_many("target groups", wanted or names or ())
    for arn in wanted or ():
        require(state, arn)
    known = {group.name for group in state.target_groups.values()}
    if missing := [name for name in names or () if name not in known]:
        raise ApiError("TargetGroupNotFound", "One or more target groups not found: " + ", ".join(missing))
    in_use = state.groups_in_use()
    if balancer:
        require_load_balancer(state, balancer)
    found = [
        group
        for group in state.target_groups.values()
        if (not wanted or group.arn in wanted)
        and (not names or group.name in names)
        and (not balancer or in_use.get(group.arn) == balancer)
    ]
    shown, marker = page(found, parameters)
    return state, {"TargetGroups": [_description(state, group) for group in shown], **marker}


def modify_target_group(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    group = require(state, parameters["TargetGroupArn"])
    sent = {name: value for name, value in parameters.items() if name != "TargetGroupArn"}
    settings = {**group.settings, **sent}
    _check_health_check(settings)
    group = replace(group, settings=settings)
    state = replace(state, target_groups=with_resource(state.target_groups, group.arn, group))
    return state, {"TargetGroups": [_description(state, group)]}


def delete_target_group(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    arn = parameters["TargetGroupArn"]
    arns.check_kind(arn, "TargetGroup")
    if arn in state.groups_in_use():
        raise ApiError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
    groups, tags = without(state.target_groups, {arn}), without(state.tags, {arn})
    return replace(state, target_groups=groups, tags=tags), {}
