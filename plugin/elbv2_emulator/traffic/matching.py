"""Finds the rule whose conditions a request meets. No I/O."""

import functools
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from elbv2_emulator.state.resources import CONDITION_CONFIG_OF, Described, Rule

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of an HTTP request that conditions depend on."""

    method: str
    host: str  # without the port
    path: str
    query: str
    headers: Headers
    source: str  # the address of the peer


def first_match(rules: Iterable[Rule], request: Request) -> Rule | None:
    """The first of these rules for which the request meets all conditions."""
    return next((rule for rule in rules if matches(rule, request)), None)


def matches(rule: Rule, request: Request) -> bool:
    return all(_TESTS[condition["Field"]](_config(condition), request) for condition in rule.conditions)


def _config(condition: Described) -> Described:
    config: Described = condition[CONDITION_CONFIG_OF[condition["Field"]]]
    return config


@functools.lru_cache(maxsize=4096)
def _wildcard(pattern: str, flags: int, *, escapes: bool = False) -> re.Pattern[str]:
    """A value in which * matches any text and ? one character, unless a backslash `escapes` them."""
    parts = re.findall(r"\\[*?\\]|[*?]|[^*?\\]+|\\" if escapes else r"[*?]|[^*?]+", pattern)
    return re.compile("".join(_part(part, escapes=escapes) for part in parts), flags | re.DOTALL)


def _part(part: str, *, escapes: bool) -> str:
    if part == "*":
        return ".*"
    if part == "?":
        return "."
    is_escape = escapes and len(part) > 1 and part[0] == "\\"
    return re.escape(part[1:] if is_escape else part)


@functools.lru_cache(maxsize=4096)
def _regex(pattern: str, flags: int) -> re.Pattern[str]:
    return re.compile(pattern, flags)


def _meets(config: Described, text: str, flags: int = 0) -> bool:
    return any(_wildcard(value, flags).fullmatch(text) for value in config.get("Values", ())) or any(
        _regex(pattern, flags).search(text) for pattern in config.get("RegexValues", ())
    )


def _host_header(config: Described, request: Request) -> bool:
    return _meets(config, request.host, re.IGNORECASE)


def _path_pattern(config: Described, request: Request) -> bool:
    return _meets(config, request.path)


def _http_header(config: Described, request: Request) -> bool:
    name = config["HttpHeaderName"].lower()
    return any(_meets(config, value, re.IGNORECASE) for key, value in request.headers if key.lower() == name)


def _query_string(config: Described, request: Request) -> bool:
    pairs = parse_qsl(request.query, keep_blank_values=True)
    return any(_pair_meets(wanted, key, value) for wanted in config["Values"] for key, value in pairs)


def _pair_meets(wanted: Mapping[str, str], key: str, value: str) -> bool:
    """A value without a key in the condition matches that value under any key."""
    return all(
        _wildcard(wanted[member], re.IGNORECASE, escapes=True).fullmatch(text)
        for member, text in (("Key", key), ("Value", value))
        if member in wanted
    )


def _http_request_method(config: Described, request: Request) -> bool:
    return request.method in config["Values"]


def _source_ip(config: Described, request: Request) -> bool:
    address = ipaddress.ip_address(request.source)
    return any(address in _network(block) for block in config["Values"])


_network = functools.lru_cache(maxsize=4096)(ipaddress.ip_network)


_TESTS: Mapping[str, Callable[[Described, Request], bool]] = {
    "host-header": _host_header,
    "path-pattern": _path_pattern,
    "http-header": _http_header,
    "query-string": _query_string,
    "http-request-method": _http_request_method,
    "source-ip": _source_ip,
}
