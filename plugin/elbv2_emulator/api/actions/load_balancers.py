"""The operations on load balancers, which are all of the type application."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elbv2_emulator.api import arns
from elbv2_emulator.api.actions.names import check_name
from elbv2_emulator.api.actions.paging import check_how_many, page
from elbv2_emulator.api.actions.tags import with_tags
from elbv2_emulator.api.errors import ApiError, ValidationError
from elbv2_emulator.api.limits import LOAD_BALANCERS
from elbv2_emulator.state.resources import LoadBalancer, Scope, State, with_resource, without

FEWEST_SUBNETS = 2
# AWS's hosted zone for us-east-1, which an alias record of Route 53 needs.
HOSTED_ZONE = "Z35SXDOTRQ7X7K"


def create_load_balancer(
    state: State, parameters: Mapping[str, Any], scope: Scope
) -> tuple[State, dict[str, Any]]:
    name, kind = parameters["Name"], parameters.get("Type", "application")
    if kind != "application":
        raise ValidationError(
            f"This emulator supports load balancers of type 'application' only, not '{kind}'"
        )
    check_name(name, "Load balancer")
    if name.startswith("internal-"):
        raise ValidationError(f"Load balancer name '{name}' cannot begin with 'internal-'")
    settings = {
        "Scheme": parameters.get("Scheme", "internet-facing"),
        "Type": kind,
        "IpAddressType": parameters.get("IpAddressType", "ipv4"),
        "AvailabilityZones": _zones(parameters, scope.region),
        "SecurityGroups": parameters.get("SecurityGroups", []),
    }
    for existing in state.load_balancers.values():
        if existing.name == name:
            if all(existing.settings[member] == value for member, value in settings.items()):
                return state, {"LoadBalancers": [description(existing)]}
            raise ApiError(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            )
    if len(state.load_balancers) >= LOAD_BALANCERS:
        raise ApiError("TooManyLoadBalancers", f"The maximum number of load balancers is {LOAD_BALANCERS}")
    identity = arns.identity(state.version, "loadbalancer", name)
    prefix = "internal-" if settings["Scheme"] == "internal" else ""
    suffix = "elb.amazonaws.com.cn" if arns.partition(scope.region) == "aws-cn" else "elb.amazonaws.com"
    created = LoadBalancer(
        arn=arns.load_balancer_arn(scope.region, name, identity),
        name=name,
        settings={
            **settings,
            "DNSName": f"{prefix}{name}-{int(identity, 16) % 10**10:010d}.{scope.region}.{suffix}",
            "CanonicalHostedZoneId": HOSTED_ZONE,
            "CreatedTime": scope.now,
            "VpcId": "vpc-0123456789abcdef0",
            "State": {"Code": "active"},
        },
    )
    state = replace(state, load_balancers=with_resource(state.load_balancers, created.arn, created))
    return with_tags(state, created.arn, parameters.get("Tags", ())), {
        "LoadBalancers": [description(created)]
    }


def _zones(parameters: Mapping[str, Any], region: str) -> list[dict[str, str]]:
    if "Subnets" in parameters and "SubnetMappings" in parameters:
        raise ValidationError("You must specify either subnets or subnet mappings, not both")
    mapped = [mapping.get("SubnetId", "") for mapping in parameters.get("SubnetMappings", ())]
    subnets = parameters.get("Subnets", mapped)
    if len(set(subnets)) < FEWEST_SUBNETS:
        raise ValidationError("At least two subnets in two different Availability Zones must be specified")
    return [
        {"ZoneName": region + "abcdef"[number % 6], "SubnetId": subnet}
        for number, subnet in enumerate(subnets)
    ]


def description(balancer: LoadBalancer) -> dict[str, Any]:
    return {"LoadBalancerArn": balancer.arn, "LoadBalancerName": balancer.name, **balancer.settings}


def describe_load_balancers(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    wanted, names = parameters.get("LoadBalancerArns"), parameters.get("Names")
    if wanted and names:
        raise ValidationError(
            "Load balancer names and load balancer ARNs cannot be specified at the same time"
        )
    check_how_many("load balancers", wanted or names or ())
    for arn in wanted or ():
        require(state, arn)
    known = {balancer.name for balancer in state.load_balancers.values()}
    if missing := [name for name in names or () if name not in known]:
        raise ApiError("LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found")
    found = [
        balancer
        for balancer in state.load_balancers.values()
        if (not wanted or balancer.arn in wanted) and (not names or balancer.name in names)
    ]
    shown, marker = page(found, parameters)
    return state, {"LoadBalancers": [description(balancer) for balancer in shown], **marker}


def require(state: State, arn: str) -> LoadBalancer:
    """The load balancer with this ARN. Raises AWS's error if it does not exist."""
    arns.check_kind(arn, "LoadBalancer")
    if arn not in state.load_balancers:
        raise ApiError("LoadBalancerNotFound", f"Load balancers '[{arn}]' not found")
    return state.load_balancers[arn]


def delete_load_balancer(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    arn = parameters["LoadBalancerArn"]
    arns.check_kind(arn, "LoadBalancer")
    if arn not in state.load_balancers:
        return state, {}
    if state.load_balancers[arn].attributes.get("deletion_protection.enabled") == "true":
        raise ApiError(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
    state = state.without_listeners({listener.arn for listener in state.listeners_of(arn)})
    balancers, tags = without(state.load_balancers, {arn}), without(state.tags, {arn})
    return replace(state, load_balancers=balancers, tags=tags), {}
