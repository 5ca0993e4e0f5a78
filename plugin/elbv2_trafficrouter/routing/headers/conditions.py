"""A header route's matches → conditions of an ELBv2 rule. Pure.

Source: Elastic Load Balancing user guide, Condition types for listener rules.
"""

import re
from collections.abc import Iterable

from elbv2_trafficrouter.errors import quoted
from elbv2_trafficrouter.errors.managed_routes import InvalidHeaderRoute
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute
from elbv2_trafficrouter.routing.headers.regex import fault_in
from elbv2_trafficrouter.routing.rule import Condition

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LONGEST_NAME = 40
_LONGEST_VALUE = 128
_MOST_VALUES = 3
_WILDCARD = re.compile(r"[*?]")
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
_ESCAPED = re.compile(r"\\[^1-9]")
_LOOK_AROUND_OR_REFERENCE = re.compile(r"\(\?(?:[=!]|<[=!]|P=)|\\[1-9]")


def header_conditions(route: HeaderRoute) -> frozenset[Condition]:
    """One condition for each header. A request must match all of them, and any value of each.

    Raises InvalidHeaderRoute.
    """
    headers: dict[str, list[HeaderMatch]] = {}
    for index, match in enumerate(route.matches):
        _require_valid_match(route.name, index, match)
        headers.setdefault(match.header.lower(), []).append(match)
    return frozenset(_condition(route.name, matches) for matches in headers.values())


def _condition(route: str, matches: list[HeaderMatch]) -> Condition:
    # For one header, AWS accepts either plain values or regular expressions.
    is_regex = any(map(_needs_regex, matches))
    values = {_regex(match) if is_regex else _plain(match): match for match in matches}
    for value, match in values.items():
        _check_length(route, match, value)
    if len(values) > _MOST_VALUES:
        raise InvalidHeaderRoute(
            route,
            f"the header {quoted(matches[0].header)}",
            f"has {len(values)} values",
            f"ELBv2 accepts {_MOST_VALUES} in a condition. Use fewer values, a prefix or a regex.",
        )
    return Condition("http-header", frozenset(values), is_regex, matches[0].header)


def _needs_regex(match: HeaderMatch) -> bool:
    """Whether a plain value cannot express it: * and ? are always wildcards there."""
    return bool(match.regex or _WILDCARD.search(match.exact + match.prefix))


def _plain(match: HeaderMatch) -> str:
    return match.exact or f"{match.prefix}*"


def _regex(match: HeaderMatch) -> str:
    if match.regex:
        return match.regex
    if match.exact:
        return f"^{_literal(match.exact)}$"
    # Correct whether AWS searches the value or compares all of it.
    return f"^{_literal(match.prefix)}.*"


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _require_valid_match(route: str, index: int, match: HeaderMatch) -> None:
    field = f"match[{index}]"
    if not _NAME.fullmatch(match.header) or len(match.header) > _LONGEST_NAME:
        raise InvalidHeaderRoute(
            route,
            f"{field}.headerName",
            f"is {quoted(match.header)}",
            f"ELBv2 accepts header names of 1 to {_LONGEST_NAME} letters, digits and !#$&'*+.^_`|~-.",
        )
    if match.header.lower() == "host":
        raise InvalidHeaderRoute(
            route,
            f"{field}.headerName",
            "is 'Host'",
            "ELBv2 matches it only in host-header conditions. Choose another header.",
        )
    kinds = {"exact": match.exact, "prefix": match.prefix, "regex": match.regex}
    given = [kind for kind, value in kinds.items() if value]
    if len(given) != 1:
        raise InvalidHeaderRoute(
            route,
            f"{field}.headerValue",
            f"has {_listed(given)}",
            "Set exactly one of exact, prefix and regex.",
        )
    value = kinds[given[0]]
    where = f"{field}.headerValue.{given[0]}"
    if not value.isprintable():
        raise InvalidHeaderRoute(
            route, where, f"is {quoted(value)}", "Headers of requests cannot contain such characters."
        )
    if match.regex and _LOOK_AROUND_OR_REFERENCE.search(_ESCAPED.sub("", match.regex)):
        raise InvalidHeaderRoute(
            route,
            where,
            f"is {quoted(value)}",
            "Regular expressions in ELBv2 cannot use look-around or back-references.",
        )
    if fault := fault_in(match.regex):
        raise InvalidHeaderRoute(
            route,
            where,
            f"is {quoted(value)} for the header {quoted(match.header)}, "
            f"which is not a valid regular expression: {fault}",
            "Correct it, or put a backslash before characters that have no special meaning.",
        )


def _listed(given: Iterable[str]) -> str:
    return " and ".join(given) or "none of exact, prefix and regex"


def _check_length(route: str, match: HeaderMatch, value: str) -> None:
    if len(value) > _LONGEST_VALUE:
        raise InvalidHeaderRoute(
            route,
            f"the value for {quoted(match.header)}",
            f"is {len(value)} characters long as a condition",
            f"ELBv2 accepts {_LONGEST_VALUE} characters. Shorten the value, or match a prefix.",
        )
