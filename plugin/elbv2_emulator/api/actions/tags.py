"""The operations on tags of load balancers, listeners, rules and target groups."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from elbv2_emulator.api import arns
from elbv2_emulator.api.errors import ApiError, ValidationError
from elbv2_emulator.state.resources import Scope, State

MAXIMUM_TAGS = 50
MAXIMUM_RESOURCES = 20


def add_tags(state: State, parameters: Mapping[str, Any], _scope: Scope) -> tuple[State, dict[str, Any]]:
    for arn in parameters["ResourceArns"]:
        _check_exists(state, arn)
        state = with_tags(state, arn, parameters["Tags"])
    return state, {}


def remove_tags(state: State, parameters: Mapping[str, Any], _scope: Scope) -> tuple[State, dict[str, Any]]:
    tags = dict(state.tags)
    for arn in parameters["ResourceArns"]:
        _check_exists(state, arn)
        gone = parameters["TagKeys"]
        tags[arn] = {key: value for key, value in state.tags.get(arn, {}).items() if key not in gone}
    return replace(state, tags=tags), {}


def describe_tags(state: State, parameters: Mapping[str, Any], _scope: Scope) -> tuple[State, dict[str, Any]]:
    resources = parameters["ResourceArns"]
    if len(resources) > MAXIMUM_RESOURCES:
        raise ValidationError(
            f"Up to {MAXIMUM_RESOURCES} resource ARNs can be described at once, not {len(resources)}"
        )
    for arn in resources:
        _check_exists(state, arn)
    described = [
        {
            "ResourceArn": arn,
            "Tags": [{"Key": key, "Value": value} for key, value in state.tags.get(arn, {}).items()],
        }
        for arn in resources
    ]
    return state, {"TagDescriptions": described}


def with_tags(state: State, arn: str, tags: Sequence[Mapping[str, str]]) -> State:
    """The state in which this resource has these tags in addition to its own."""
    repeated = [key for key, count in Counter(tag["Key"] for tag in tags).items() if count > 1]
    if repeated:
        raise ApiError("DuplicateTagKeys", f"Tag key '{repeated[0]}' is specified more than once")
    if reserved := [tag["Key"] for tag in tags if tag["Key"].lower().startswith("aws:")]:
        raise ValidationError(f"Tag key '{reserved[0]}' is not valid: the prefix 'aws:' is reserved")
    wanted = {**state.tags.get(arn, {}), **{tag["Key"]: tag.get("Value", "") for tag in tags}}
    if len(wanted) > MAXIMUM_TAGS:
        raise ApiError("TooManyTags", f"A resource can have at most {MAXIMUM_TAGS} tags")
    return replace(state, tags={**state.tags, arn: wanted})


def _check_exists(state: State, arn: str) -> None:
    kinds: tuple[Mapping[str, object], ...] = (
        state.load_balancers,
        state.listeners,
        state.rules,
        state.target_groups,
    )
    if not any(arn in resources for resources in kinds):
        raise arns.not_found(arn)
