"""The operations on the targets of a target group: registration, deregistration and health."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elbv2_emulator.api.actions.target_groups import DEREGISTRATION_DELAY, require
from elbv2_emulator.api.errors import ApiError, ValidationError
from elbv2_emulator.api.limits import TARGETS_OF_BALANCER, TARGETS_OF_GROUP
from elbv2_emulator.state import target_health
from elbv2_emulator.state.resources import Described, Scope, State, Target, TargetGroup, with_resource

_INSTANCE = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


def register_targets(
    state: State, parameters: Mapping[str, Any], scope: Scope
) -> tuple[State, dict[str, Any]]:
    group = require(state, parameters["TargetGroupArn"])
    if not parameters["Targets"]:
        raise ValidationError("At least one target must be specified")
    targets = dict(group.targets)
    for sent in parameters["Targets"]:
        _check_id(group, sent["Id"])
        key = _key(group, sent)
        known = group.targets.get(key)
        # Registering a target again leaves it unchanged, with its health, unless it is draining.
        if known is None or known.draining_until is not None:
            targets[key] = Target(
                *key,
                zone=sent.get("AvailabilityZone"),
                registration=state.version,
                exists_from=scope.time + scope.registration_lag_seconds,
            )
    _check_how_many(state, group, len(targets))
    return _with_targets(state, group, targets), {}


def _check_how_many(state: State, group: TargetGroup, count: int) -> None:
    if count > TARGETS_OF_GROUP:
        raise ApiError("TooManyTargets", f"A target group can have at most {TARGETS_OF_GROUP} targets")
    in_use = state.groups_in_use()
    balancer = in_use.get(group.arn)
    others = [arn for arn, user in in_use.items() if user == balancer and arn != group.arn]
    if (
        balancer
        and count + sum(len(state.target_groups[arn].targets) for arn in others) > TARGETS_OF_BALANCER
    ):
        raise ApiError("TooManyTargets", f"A load balancer can have at most {TARGETS_OF_BALANCER} targets")


def _check_id(group: TargetGroup, identity: str) -> None:
    if group.settings["TargetType"] == "instance":
        if not _INSTANCE.fullmatch(identity):
            raise ApiError("InvalidTarget", f"The following targets are not valid instance IDs: '{identity}'")
        return
    try:
        address = ipaddress.ip_address(identity)
    except ValueError as error:
        raise ValidationError(f"The IP address '{identity}' is not a valid address") from error
    if f"ipv{address.version}" != group.settings["IpAddressType"]:
        raise ValidationError(f"The IP address '{identity}' is not of type {group.settings['IpAddressType']}")
    if address.version == 4 and not any(address in block for block in _PRIVATE):  # noqa: PLR2004  IP's version
        raise ApiError("InvalidTarget", f"The IP address '{identity}' is not in a private range")


def _key(group: TargetGroup, sent: Described) -> tuple[str, int]:
    return sent["Id"], sent.get("Port", group.settings["Port"])


def _with_targets(state: State, group: TargetGroup, targets: Mapping[tuple[str, int], Target]) -> State:
    changed = replace(group, targets=targets)
    return replace(state, target_groups=with_resource(state.target_groups, group.arn, changed))


def deregister_targets(
    state: State, parameters: Mapping[str, Any], scope: Scope
) -> tuple[State, dict[str, Any]]:
    """Deregistering a target that is not registered succeeds.

    Targets of a group in use drain first. Deregistering a target again does not prolong its draining.
    """
    group = require(state, parameters["TargetGroupArn"])
    gone = {_key(group, sent) for sent in parameters["Targets"]} & group.targets.keys()
    if group.arn in state.groups_in_use():
        until = scope.time + int(group.attributes[DEREGISTRATION_DELAY])
        draining = {
            key: replace(target, draining_until=until)
            for key, target in group.targets.items()
            if key in gone and target.draining_until is None
        }
        return _with_targets(state, group, {**group.targets, **draining}), {}
    left = {key: target for key, target in group.targets.items() if key not in gone}
    return _with_targets(state, group, left), {}


def describe_target_health(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    group = require(state, parameters["TargetGroupArn"])
    in_use = group.arn in state.groups_in_use()
    wanted = [_key(group, sent) for sent in parameters.get("Targets", ())] or list(group.targets)
    return state, {"TargetHealthDescriptions": [_description(group, key, in_use=in_use) for key in wanted]}


def _description(group: TargetGroup, key: tuple[str, int], *, in_use: bool) -> dict[str, Any]:
    target = group.targets.get(key)
    identity, port = key
    zone = {"AvailabilityZone": target.zone} if target is not None and target.zone else {}
    return {
        "Target": {"Id": identity, "Port": port, **zone},
        "HealthCheckPort": str(target_health.check_port(group, port)),
        "TargetHealth": target_health.NOT_REGISTERED
        if target is None
        else target_health.health_of(target, in_use=in_use),
    }


def set_health(state: State, group_arn: str, states: Mapping[tuple[str, int], str | None]) -> State:
    """The state with these states set for registered targets. None means that their checks decide again."""
    group = state.target_groups[group_arn]
    changed = {key: replace(group.targets[key], set_state=value) for key, value in states.items()}
    return _with_targets(state, group, {**group.targets, **changed})
