"""The plugin's block in a Rollout → Config. Pure.

Unknown keys are refused all at once, each with the nearest known one.
"""

import difflib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from elbv2_trafficrouter import errors
from elbv2_trafficrouter.arn import (
    LISTENER_FORM,
    RULE_FORM,
    TARGET_GROUP_FORM,
    Arn,
    is_listener,
    is_rule,
    is_target_group,
    location_of,
)
from elbv2_trafficrouter.errors import quoted
from elbv2_trafficrouter.errors.request import InvalidConfig, UnknownKeys

_FORM = "The block has the form {rules: [{arn: ARN}], targetGroups: {SERVICE: ARN}}."
_RULE_REMEDY = (
    f"Name a rule by arn: {RULE_FORM}, or a listener's default action by listenerArn: {LISTENER_FORM}."
)
# Each costs a comparison with all known keys, and no sentence holds more.
_MOST_UNKNOWN_KEYS = 100


class NamedRule(msgspec.Struct, frozen=True, rename="camel"):
    """A rule by its ARN, or a listener's default action by the listener's."""

    arn: str = ""
    listener_arn: str = ""


class Config(msgspec.Struct, frozen=True, rename="camel"):
    """`rules`: the listener rules to steer. `target_groups`: Service → ARN of its target group."""

    rules: tuple[NamedRule, ...] = ()
    target_groups: dict[str, str] = {}

    @property
    def rule_arns(self) -> tuple[Arn, ...]:
        """Of a default action: its listener's."""
        return tuple(Arn(rule.arn or rule.listener_arn) for rule in self.rules)

    @property
    def groups(self) -> dict[str, Arn]:
        return {service: Arn(group) for service, group in self.target_groups.items()}


def read_config(block: object, path: str) -> Config:
    """The configuration in a block of plain JSON values; `path` is where it stands.

    Raises UnknownKeys and InvalidConfig.
    """
    unknown_keys = _unknown_keys(block, msgspec.inspect.type_info(Config), path)
    if unknown := list(islice(unknown_keys, _MOST_UNKNOWN_KEYS)):
        raise UnknownKeys(unknown)
    try:
        config = msgspec.convert(block, Config)
    except msgspec.ValidationError as error:
        # msgspec ends its sentence with the place: "Expected `str`, got `int` - at `$.rules[0].arn`"
        trouble, _, place = str(error).partition(" - at `$")
        where = path + _place(block, place.rstrip("`"))
        raise InvalidConfig(where, f"is wrong: {trouble[:1].lower()}{trouble[1:]}", _FORM) from error
    _check_rules(config, path)
    _check_target_groups(config, path)
    return config


def _place(block: Any, told: str) -> str:
    """With the Service, for which msgspec writes three dots: it tells no keys of mappings."""
    if told != ".targetGroups[...]":
        return told
    service = next(key for key, value in block["targetGroups"].items() if not isinstance(value, str))
    return f".targetGroups[{quoted(service)}]"


def _unknown_keys(value: object, wanted: msgspec.inspect.Type, path: str) -> Iterator[tuple[str, str]]:
    match wanted, value:
        case msgspec.inspect.StructType(fields=fields), dict():
            known = {field.encode_name: field.type for field in fields}
            for key, inner in value.items():
                if key in known:
                    yield from _unknown_keys(inner, known[key], f"{path}.{key}")
                else:
                    yield f"{path}.{key}", _nearest(key, known)
        case msgspec.inspect.VarTupleType(item_type=item), list():
            for index, inner in enumerate(value):
                yield from _unknown_keys(inner, item, f"{path}[{index}]")


def _nearest(key: str, known: Iterable[str]) -> str:
    by_lower_case = {name.lower(): name for name in known}
    return by_lower_case[difflib.get_close_matches(key.lower(), by_lower_case, n=1, cutoff=0)[0]]


def _check_rules(config: Config, path: str) -> None:
    if not config.rules:
        raise InvalidConfig(
            f"{path}.rules",
            "names no rule",
            f"Name the listener rule to steer: rules: [{{arn: {RULE_FORM}}}].",
        )
    if len(config.rules) > 1:
        raise InvalidConfig(f"{path}.rules", "names more than one rule", "This version steers one: keep one.")
    for index, rule in enumerate(config.rules):
        where = f"{path}.rules[{index}]"
        if bool(rule.arn) == bool(rule.listener_arn):
            raise InvalidConfig(
                where, f"has {'both' if rule.arn else 'neither'} of arn and listenerArn", _RULE_REMEDY
            )
        if rule.arn and not is_rule(rule.arn):
            raise InvalidConfig(
                f"{where}.arn",
                f"is {quoted(rule.arn)}, not the ARN of an Application Load Balancer's rule",
                f"It has the form {RULE_FORM}.",
            )
        if rule.listener_arn and not is_listener(rule.listener_arn):
            raise InvalidConfig(
                f"{where}.listenerArn",
                f"is {quoted(rule.listener_arn)}, not the ARN of an Application Load Balancer's listener",
                f"It has the form {LISTENER_FORM}.",
            )


def _check_target_groups(config: Config, path: str) -> None:
    rule = config.rule_arns[0]
    owners: dict[str, str] = {}
    for service, group in config.target_groups.items():
        where = f"{path}.targetGroups[{quoted(service)}]"
        if not service:
            raise InvalidConfig(where, "names no Service", "Put the name of the group's Service there.")
        if not is_target_group(group):
            raise InvalidConfig(
                where,
                f"is {quoted(group)}, not the ARN of a target group",
                f"It has the form {TARGET_GROUP_FORM}.",
            )
        if location_of(Arn(group)) != location_of(rule):
            raise InvalidConfig(
                where,
                f"is in {errors.location_text(group)}, the rule in {errors.location_text(rule)}",
                "A rule forwards to target groups of its own account and region: correct one of them.",
            )
        if group in owners:
            raise InvalidConfig(
                where,
                f"is the target group of {quoted(owners[group])} too",
                "Each Service needs a target group of its own.",
            )
        owners[group] = service
