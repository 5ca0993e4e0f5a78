"""Checks of conditions and transforms that the service model cannot express: forms, limits, characters."""

import ipaddress
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence

from elbv2_emulator.api.errors import ValidationError
from elbv2_emulator.api.limits import VALUES_OF_RULE, WILDCARDS_OF_RULE
from elbv2_emulator.state.resources import CONDITION_CONFIG_OF, Described

VALUES_OF_CONDITION = 3
LONGEST_VALUE = 128
LONGEST_NAME = 40
LONGEST_REWRITE = 1024

# The two fields that can be sent in the short form, with the values next to the field.
SHORT_FORM = ("host-header", "path-pattern")
_MAY_REPEAT = ("http-header", "query-string")
# At least one dot, and only letters after the last one.
_HOST = re.compile(r"[A-Za-z0-9.*?-]*\.[A-Za-z]+")
_PATH = re.compile(r"""[A-Za-z0-9_\-.$/~"'@:+&*?]+""")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_METHOD = re.compile(r"[A-Z_-]+")
_ESCAPED = re.compile(r"\\[^1-9]")
_LOOK_AROUND_OR_REFERENCE = re.compile(r"\(\?(?:[=!]|<[=!]|P=)|\\[1-9]")
_TRANSFORM_CONFIG_OF = {"host-header-rewrite": "HostHeaderRewriteConfig", "url-rewrite": "UrlRewriteConfig"}


def check_conditions(conditions: Sequence[Described]) -> None:
    """Reject conditions that a rule cannot have."""
    if not conditions:
        raise ValidationError("A rule must have at least one condition")
    for condition in conditions:
        _check_form(condition)
        _check_values(condition)
    fields = Counter(condition["Field"] for condition in conditions)
    for field, count in fields.items():
        if count > 1 and field not in _MAY_REPEAT:
            raise ValidationError(f"A rule can have only one '{field}' condition")
    if sum(len(values_of(condition)) for condition in conditions) > VALUES_OF_RULE:
        raise ValidationError(f"A rule can have at most {VALUES_OF_RULE} condition values")
    if sum(map(_wildcards, conditions)) > WILDCARDS_OF_RULE:
        raise ValidationError(f"A rule can have at most {WILDCARDS_OF_RULE} wildcard characters")


def _check_form(condition: Described) -> None:
    field = str(condition.get("Field"))
    if field not in CONDITION_CONFIG_OF:
        raise ValidationError(
            f"Condition field '{field}' must be one of '[{', '.join(CONDITION_CONFIG_OF)}]'"
        )
    own = CONDITION_CONFIG_OF[field]
    for config in CONDITION_CONFIG_OF.values():
        if config in condition and config != own:
            raise ValidationError(f"'{config}' cannot be specified for a condition on '{field}'")
    for short in ("Values", "RegexValues"):
        if short in condition and own in condition:
            raise ValidationError(f"You cannot provide both {short} and '{own}'")
        if short in condition and field not in SHORT_FORM:
            raise ValidationError(f"'{short}' cannot be specified for a condition on '{field}': use '{own}'")
    config = condition.get(own, condition)
    if config.get("Values") and config.get("RegexValues"):
        raise ValidationError(f"You cannot provide both Values and RegexValues for a condition on '{field}'")
    if config.get("IpAddressType"):
        raise ValidationError("'IpAddressType' is for the rules of network load balancers")


def values_of(condition: Described) -> Sequence[object]:
    """The values or regular expressions of a condition, in whichever form it was sent."""
    config = condition.get(CONDITION_CONFIG_OF[condition["Field"]], condition)
    return [*config.get("Values", ()), *config.get("RegexValues", ())]


def _texts(condition: Described) -> list[str]:
    values = values_of(condition)
    if condition["Field"] == "query-string":
        return [text for pair in values if isinstance(pair, Mapping) for text in pair.values()]
    return [str(value) for value in values]


def _wildcards(condition: Described) -> int:
    config = condition.get(CONDITION_CONFIG_OF[condition["Field"]], condition)
    if condition["Field"] in {"http-request-method", "source-ip"} or config.get("RegexValues"):
        return 0
    # AWS documents escaping by a backslash for query strings only.
    escaped = r"\\[*?\\]" if condition["Field"] == "query-string" else r"(?!)"
    return sum(len(re.findall(r"[*?]", re.sub(escaped, "", text))) for text in _texts(condition))


def _check_values(condition: Described) -> None:
    field = condition["Field"]
    count = len(values_of(condition))
    if not count:
        raise ValidationError(f"A condition value must be specified for '{field}'")
    if count > VALUES_OF_CONDITION:
        raise ValidationError(
            f"A condition can have at most {VALUES_OF_CONDITION} values, not {count} for '{field}'"
        )
    config = condition.get(CONDITION_CONFIG_OF[field], condition)
    for text in _texts(condition):
        if len(text) > (LONGEST_NAME if field == "http-request-method" else LONGEST_VALUE):
            raise ValidationError(f"The condition value '{text}' is too long")
    if config.get("RegexValues"):
        for pattern in config["RegexValues"]:
            check_regex(pattern)
    else:
        _check_plain(condition)
    if field == "http-header":
        _check_header_name(config.get("HttpHeaderName"))


def _check_plain(condition: Described) -> None:
    field = condition["Field"]
    if field == "query-string":
        if not all(pair.get("Value") for pair in values_of(condition) if isinstance(pair, Mapping)):
            raise ValidationError("A query string condition must have a value beside its key")
        return
    for text in _texts(condition):
        if field == "source-ip":
            _check_cidr(text)
            continue
        allowed = {"host-header": _HOST, "path-pattern": _PATH, "http-request-method": _METHOD}.get(field)
        if text == "" or (allowed is not None and not allowed.fullmatch(text)):
            raise ValidationError(f"The condition value '{text}' is not valid for '{field}'")


def _check_cidr(text: str) -> None:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValidationError(f"The condition value '{text}' is not a CIDR block") from error
    if "/" not in text:
        raise ValidationError(f"The condition value '{text}' is not a CIDR block: write '{network}'")


def _check_header_name(name: str | None) -> None:
    if name is None or len(name) > LONGEST_NAME or not _TOKEN.fullmatch(name):
        raise ValidationError(f"The HTTP header name '{name}' is not valid")
    if name.lower() == "host":
        raise ValidationError("The host header cannot be used in an HTTP header condition: use 'host-header'")


def check_regex(pattern: str) -> None:
    """Reject invalid regular expressions, and those with look-around or back-references."""
    try:
        with warnings.catch_warnings():
            # Python warns about syntax that it interprets unlike most dialects, for example [[:alpha:]].
            warnings.simplefilter("error", FutureWarning)
            re.compile(pattern)
    except (re.error, OverflowError, FutureWarning) as error:
        raise ValidationError(f"The regular expression '{pattern}' is not valid") from error
    if pattern == "" or _LOOK_AROUND_OR_REFERENCE.search(_ESCAPED.sub("", pattern)):
        raise ValidationError(f"The regular expression '{pattern}' is not supported")


def check_transforms(transforms: Sequence[Described]) -> None:
    """Reject transforms that a rule cannot have. Each type is allowed once, with its own configuration."""
    kinds = [transform["Type"] for transform in transforms]
    if len(set(kinds)) < len(kinds):
        raise ValidationError("A rule can have only one transform of each type")
    for transform in transforms:
        own = _TRANSFORM_CONFIG_OF[transform["Type"]]
        if set(transform) != {"Type", own}:
            raise ValidationError(f"A transform of type '{transform['Type']}' must have '{own}' alone")
        rewrites = transform[own].get("Rewrites", ())
        if len(rewrites) != 1:
            raise ValidationError(f"'{own}' must have one rewrite")
        for rewrite in rewrites:
            if max(len(rewrite["Regex"]), len(rewrite["Replace"])) > LONGEST_REWRITE:
                raise ValidationError(f"A rewrite of '{own}' is longer than {LONGEST_REWRITE} characters")
            check_regex(rewrite["Regex"])
