"""The operations that describe and modify the attributes of target groups."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elbv2_emulator.api import attributes
from elbv2_emulator.api.actions.target_groups import ATTRIBUTES, require
from elbv2_emulator.api.errors import ApiError
from elbv2_emulator.state.resources import Scope, State, TargetGroup, forwards, with_resource


def describe_target_group_attributes(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    group = require(state, parameters["TargetGroupArn"])
    return state, attributes.description(ATTRIBUTES, group.attributes)


def modify_target_group_attributes(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    group = require(state, parameters["TargetGroupArn"])
    sent = attributes.read_values("Target group", ATTRIBUTES, parameters["Attributes"])
    group = replace(group, attributes={**group.attributes, **sent})
    _check_stickiness(state, group)
    state = replace(state, target_groups=with_resource(state.target_groups, group.arn, group))
    return state, attributes.description(ATTRIBUTES, group.attributes)


def _check_stickiness(state: State, group: TargetGroup) -> None:
    if group.attributes["stickiness.enabled"] != "true":
        return
    if group.attributes["stickiness.type"] == "app_cookie":
        name = group.attributes["stickiness.app_cookie.cookie_name"]
        if not name or name.startswith("AWSALB"):
            raise ApiError(
                "InvalidConfigurationRequest", f"'{name}' cannot be the name of an application cookie"
            )
    for rule in state.rules.values():
        for action in rule.actions:
            names = [arn for arn, _ in forwards(action)]
            sticky = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {}).get("Enabled")
            if group.arn in names and len(names) > 1 and not sticky:
                raise ApiError(
                    "InvalidConfigurationRequest",
                    f"This target group appears behind a rule with group stickiness disabled ({rule.arn}). "
                    "You must enable group stickiness before enabling target stickiness",
                )
