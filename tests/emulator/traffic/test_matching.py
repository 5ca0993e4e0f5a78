"""Which requests meet a condition."""

from typing import Any

import pytest

from elbv2_emulator.api import as_described
from elbv2_emulator.state.resources import Rule
from elbv2_emulator.traffic.matching import Request, first_match, matches


def rule(*conditions: dict[str, Any], priority: int | None = 1) -> Rule:
    return Rule(f"rule-{priority}", "listener", priority, as_described.conditions(conditions), ())


def request(**given: Any) -> Request:
    usual: dict[str, Any] = {
        "method": "GET",
        "host": "www.example.com",
        "path": "/",
        "query": "",
        "headers": (),
        "source": "127.0.0.1",
    }
    return Request(**{**usual, **given})


def condition(field: str, config: str, **values: Any) -> dict[str, Any]:
    return {"Field": field, config: values}


@pytest.mark.parametrize(
    ("pattern", "path", "met"),
    [
        ("/petclinic*", "/petclinic", True),
        ("/petclinic*", "/petclinic/owners/1", True),
        ("/petclinic*", "/a/petclinic", False),
        ("/petclinic", "/petclinic/", False),
        ("/Petclinic", "/petclinic", False),
        ("/v?/pets", "/v1/pets", True),
        ("/v?/pets", "/v/pets", False),
        ("/v?/pets", "/v10/pets", False),
        ("/a.b", "/aXb", False),
        ("*", "/anything", True),
    ],
)
def test_a_path_pattern_matches_the_whole_path_and_is_case_sensitive(
    pattern: str, path: str, met: bool
) -> None:
    wanted = rule(condition("path-pattern", "PathPatternConfig", Values=[pattern]))
    assert matches(wanted, request(path=path)) is met


@pytest.mark.parametrize(
    ("values", "host", "met"),
    [
        (["*.example.com"], "WWW.example.com", True),
        (["*.EXAMPLE.com"], "www.example.com", True),
        (["*.example.com"], "example.com", False),
        (["a.b", "www.example.com"], "www.example.com", True),
    ],
)
def test_a_host_matches_any_of_the_values_and_is_case_insensitive(
    values: list[str], host: str, met: bool
) -> None:
    wanted = rule(condition("host-header", "HostHeaderConfig", Values=values))
    assert matches(wanted, request(host=host)) is met


@pytest.mark.parametrize(
    ("values", "headers", "met"),
    [
        (["yes"], [("x-canary", "YES")], True),
        (["y*"], [("X-Canary", "no"), ("X-CANARY", "yes")], True),
        (["yes"], [("X-Other", "yes")], False),
        (["yes"], [], False),
        # In a header a backslash is an ordinary character.
        ([r"\*"], [("X-Canary", r"\anything")], True),
        ([r"\*"], [("X-Canary", "*")], False),
    ],
)
def test_a_header_matches_by_any_of_its_lines_and_is_case_insensitive(
    values: list[str], headers: list[tuple[str, str]], met: bool
) -> None:
    wanted = rule(condition("http-header", "HttpHeaderConfig", HttpHeaderName="X-Canary", Values=values))
    assert matches(wanted, request(headers=headers)) is met


@pytest.mark.parametrize(
    ("pair", "query", "met"),
    [
        ({"Key": "version", "Value": "v1"}, "a=b&Version=V1", True),
        ({"Key": "version", "Value": "v1"}, "version=v10", False),
        ({"Value": "v1"}, "anything=v1", True),
        ({"Value": "v1"}, "v1=", False),
        ({"Key": "q", "Value": r"\*"}, "q=%2A", True),
        ({"Key": "q", "Value": r"\*"}, "q=a", False),
        ({"Key": "q", "Value": "a b"}, "q=a+b", True),
        ({"Key": "q", "Value": "*"}, "q=", True),
    ],
)
def test_a_query_string_matches_by_any_decoded_pair_and_is_case_insensitive(
    pair: dict[str, str], query: str, met: bool
) -> None:
    wanted = rule(condition("query-string", "QueryStringConfig", Values=[pair]))
    assert matches(wanted, request(query=query)) is met


@pytest.mark.parametrize(
    ("field", "config", "pattern", "given", "met"),
    [
        ("path-pattern", "PathPatternConfig", "^/v[12]/", {"path": "/v2/pets"}, True),
        ("path-pattern", "PathPatternConfig", "^/v[12]/", {"path": "/a/v2/"}, False),
        ("path-pattern", "PathPatternConfig", "^/v[12]/", {"path": "/V2/"}, False),
        ("path-pattern", "PathPatternConfig", "/v[12]/", {"path": "/a/v2/pets"}, True),
        ("host-header", "HostHeaderConfig", r"^(a|b)\.example", {"host": "B.example.com"}, True),
        ("http-header", "HttpHeaderConfig", "^can", {"headers": (("X-Canary", "Canary"),)}, True),
    ],
)
def test_a_regular_expression_matches_anywhere_and_is_case_sensitive_only_in_paths(
    field: str, config: str, pattern: str, given: Any, met: bool
) -> None:
    more = {"HttpHeaderName": "X-Canary"} if field == "http-header" else {}
    assert matches(rule(condition(field, config, RegexValues=[pattern], **more)), request(**given)) is met


@pytest.mark.parametrize(("method", "met"), [("GET", True), ("HEAD", True), ("POST", False), ("get", False)])
def test_a_method_matches_exactly(method: str, met: bool) -> None:
    reads = rule(condition("http-request-method", "HttpRequestMethodConfig", Values=["GET", "HEAD"]))
    assert matches(reads, request(method=method)) is met


@pytest.mark.parametrize(("source", "met"), [("10.1.2.3", True), ("11.0.0.1", False), ("fd00::1", False)])
def test_a_source_matches_inside_the_block(source: str, met: bool) -> None:
    private = rule(condition("source-ip", "SourceIpConfig", Values=["10.0.0.0/8"]))
    assert matches(private, request(source=source)) is met


def test_a_request_must_meet_every_condition_of_a_rule() -> None:
    both = rule(
        condition("path-pattern", "PathPatternConfig", Values=["/a"]),
        condition("http-header", "HttpHeaderConfig", HttpHeaderName="X-Canary", Values=["yes"]),
    )
    assert not matches(both, request(path="/a"))
    assert matches(both, request(path="/a", headers=(("X-Canary", "yes"),)))


def test_the_first_matching_rule_is_used() -> None:
    every, none, default = (
        rule(condition("path-pattern", "PathPatternConfig", Values=["*"]), priority=2),
        rule(condition("path-pattern", "PathPatternConfig", Values=["/b"]), priority=1),
        rule(priority=None),
    )
    assert first_match([none, every, default], request(path="/a")) is every
    assert first_match([none, default], request(path="/a")) is default
    assert first_match([none], request(path="/a")) is None
