"""Reads the plugin's configuration in a Rollout into a Config. Pure.

Unknown keys are rejected all at once; the error suggests the closest known key for each.
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
_DEFAULT_ACTION_REMEDY = "It is a listener's: name it by listenerArn to steer the listener's default action."
_NAMED_RULE_REMEDY = (
    "It is a rule's: name it by arn to steer the rule, or name its listener to steer the default action."
)
# Each unknown key is compared with all known keys, and an error message has no room for more of them.
_MOST_UNKNOWN_KEYS = 100


class NamedRule(msgspec.Struct, frozen=True, rename="camel"):
    """A rule, named by its ARN, or the default action of a listener, named by the listener's ARN."""

    arn: str = ""
    listener_arn: str = ""


class Config(msgspec.Struct, frozen=True, rename="camel"):
    """`rules`: the listener rules to steer. `target_groups`: Service → ARN of its target group."""

    rules: tuple[NamedRule, ...] = ()
    target_groups: dict[str, str] = {}

    @property
    def rule_arns(self) -> tuple[Arn, ...]:
        """The ARNs of the rules; for a default action, the ARN of the listener."""
        return tuple(Arn(rule.arn or rule.listener_arn) for rule in self.rules)

    @property
    def groups(self) -> dict[str, Arn]:
        return {service: Arn(group) for service, group in self.target_groups.items()}


# msgspec completes a type at its first use, and crashes if two threads use it first at the same time.
msgspec.json.Decoder(Config)


def plugin_path(plugin_name: str) -> str:
    """Where a plugin's block is in the Rollout's spec.strategy.canary.trafficRouting."""
    return f"plugins[{quoted(plugin_name)}]"


def read_config(block: object, path: str) -> Config:
    """Reads the configuration from a block of plain JSON values; `path` says where the block is.

    Raises UnknownKeys and InvalidConfig.
    """
    unknown_keys = _unknown_keys(block, msgspec.inspect.type_info(Config), path)
    if unknown := list(islice(unknown_keys, _MOST_UNKNOWN_KEYS)):
        raise UnknownKeys(unknown)
    try:
        config = msgspec.convert(block, Config)
    except msgspec.ValidationError as error:
        # msgspec's message ends with the path: "Expected `str`, got `int` - at `$.rules[0].arn`"
        trouble, _, inner_path = str(error).partition(" - at `$")
        where = path + _with_service(inner_path.rstrip("`"), block)
        raise InvalidConfig(where, f"is wrong: {trouble[:1].lower()}{trouble[1:]}", _FORM) from error
    _check_rules(config, path)
    _check_target_groups(config, path)
    return config


def _with_service(path: str, block: Any) -> str:
    """Replaces the three dots that msgspec writes for the key of a mapping with the Service's name."""
    if path != ".targetGroups[...]":
        return path
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
                    yield f"{path}.{key}", _closest(key, known)
        case msgspec.inspect.VarTupleType(item_type=item), list():
            for index, inner in enumerate(value):
                yield from _unknown_keys(inner, item, f"{path}[{index}]")


def _closest(key: str, known: Iterable[str]) -> str:
    by_lower_case = {name.lower(): name for name in known}
    return by_lower_case[difflib.get_close_matches(key.lower(), by_lower_case, n=1, cutoff=0)[0]]


def _check_rules(config: Config, path: str) -> None:
    if not config.rules:
        raise InvalidConfig(
            f"{path}.rules",
            "does not name a rule",
            f"Name the listener rule to steer: rules: [{{arn: {RULE_FORM}}}].",
        )
    if len(config.rules) > 1:
        raise InvalidConfig(
            f"{path}.rules", "names more than one rule", "This version supports one: remove the others."
        )
    for index, rule in enumerate(config.rules):
        where = f"{path}.rules[{index}]"
        if bool(rule.arn) == bool(rule.listener_arn):
            trouble = "has both arn and listenerArn" if rule.arn else "has neither arn nor listenerArn"
            raise InvalidConfig(where, trouble, _RULE_REMEDY)
        if rule.arn and not is_rule(rule.arn):
            raise InvalidConfig(
                f"{where}.arn",
                f"is {quoted(rule.arn)}, not the ARN of an Application Load Balancer's rule",
                _DEFAULT_ACTION_REMEDY if is_listener(rule.arn) else f"It has the form {RULE_FORM}.",
            )
        if rule.listener_arn and not is_listener(rule.listener_arn):
            raise InvalidConfig(
                f"{where}.listenerArn",
                f"is {quoted(rule.listener_arn)}, not the ARN of an Application Load Balancer's listener",
                _NAMED_RULE_REMEDY if is_rule(rule.listener_arn) else f"It has the form {LISTENER_FORM}.",
            )


def _check_target_groups(config: Config, path: str) -> None:
    rule = config.rule_arns[0]
    owners: dict[str, str] = {}
    for service, group in config.target_groups.items():
        where = f"{path}.targetGroups[{quoted(service)}]"
        if not service:
            raise InvalidConfig(
                where, "has an empty key", "Use the name of the Service that the target group belongs to."
            )
        if not is_target_group(group):
            raise InvalidConfig(
                where,
                f"is {quoted(group)}, not the ARN of a target group",
                f"It has the form {TARGET_GROUP_FORM}.",
            )
        if location_of(Arn(group)) != location_of(rule):
            raise InvalidConfig(
                where,
                f"is in {errors.location_text(group)}, but the rule is in {errors.location_text(rule)}",
                "A rule can only forward to target groups in its own account and region: correct one of the "
                "ARNs.",
            )
        if group in owners:
            raise InvalidConfig(
                where,
                f"is also the target group of {quoted(owners[group])}",
                "Each Service needs its own target group.",
            )
        owners[group] = service
