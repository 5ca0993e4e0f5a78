"""Converts conditions from and to ELBv2's form. ELBv2 returns their values in two places.

Source: API reference, RuleCondition. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from elbv2_trafficrouter.aws.response import text_member
from elbv2_trafficrouter.routing.rule import Condition

_CONFIG_OF = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}
_KNOWN = {"HttpHeaderName", "Values", "RegexValues"}


def conditions(described: Iterable[Mapping[str, Any]]) -> tuple[frozenset[Condition], tuple[str, ...]]:
    """The conditions that have a known form, and where all others are."""
    known: set[Condition] = set()
    unknown: list[str] = []
    for index, condition in enumerate(described):
        field = text_member({"Field": "", **condition}, "Field")
        # Old rules have their values directly in the condition, without a config.
        config = condition.get(_CONFIG_OF.get(field, ""), condition)
        if field not in _CONFIG_OF:
            unknown.append(f"Conditions[{index}].Field {field}")
        elif more := sorted(set(config) - _KNOWN - {"Field"}):
            unknown.append(f"Conditions[{index}].{more[0]}")
        elif not (config.get("RegexValues") or config.get("Values")):
            unknown.append(f"Conditions[{index}].{_CONFIG_OF[field]}")
        else:
            known.add(_condition(field, config))
    return frozenset(known), tuple(unknown)


def conditions_to_send(known: Iterable[Condition]) -> list[dict[str, Any]]:
    """The conditions for CreateRule and ModifyRule, always in the same order."""
    return sorted(map(_to_send, known), key=repr)


def _condition(field: str, config: Mapping[str, Any]) -> Condition:
    is_regex = bool(config.get("RegexValues"))
    values = config["RegexValues" if is_regex else "Values"]
    if field == "query-string":
        values = [(value.get("Key", ""), value.get("Value", "")) for value in values]
    return Condition(field, frozenset(values), is_regex, config.get("HttpHeaderName", ""))


def _to_send(condition: Condition) -> dict[str, Any]:
    config: dict[str, Any] = {
        "RegexValues" if condition.is_regex else "Values": [
            _value(value) for value in sorted(condition.values)
        ]
    }
    if condition.name:
        config["HttpHeaderName"] = condition.name
    return {"Field": condition.field, _CONFIG_OF[condition.field]: config}


def _value(value: str | tuple[str, str]) -> str | dict[str, str]:
    if isinstance(value, str):
        return value
    key, text = value
    return {"Key": key, "Value": text} if key else {"Value": text}
