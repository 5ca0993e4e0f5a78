"""Which conditions and transforms a rule may have, and how they are described."""

from typing import Any

import pytest
from botocore.exceptions import ClientError


def header(name: str, *values: str, **more: Any) -> dict[str, Any]:
    return {
        "Field": "http-header",
        "HttpHeaderConfig": {"HttpHeaderName": name, "Values": list(values), **more},
    }


def host(*values: str) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def path_regex(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": list(values)}}


def method(*values: str) -> dict[str, Any]:
    return {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": list(values)}}


def source(*values: str) -> dict[str, Any]:
    return {"Field": "source-ip", "SourceIpConfig": {"Values": list(values)}}


def query(*values: dict[str, str]) -> dict[str, Any]:
    return {"Field": "query-string", "QueryStringConfig": {"Values": list(values)}}


def rewrite(
    kind: str, config: str, regex: str = "a", replacement: str = "b", times: int = 1
) -> dict[str, Any]:
    return {"Type": kind, config: {"Rewrites": [{"Regex": regex, "Replace": replacement}] * times}}


HOST_REWRITE = rewrite("host-header-rewrite", "HostHeaderRewriteConfig")
URL_REWRITE = rewrite("url-rewrite", "UrlRewriteConfig")


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param(
            [header("X-Canary", "yes"), header("X-Canary", "very"), header("X-Team", "a*")], id="headers"
        ),
        pytest.param([query({"Key": "v", "Value": "1"}), query({"Value": "2"})], id="query strings"),
        pytest.param(
            [host("*.example.com"), path("/a"), method("GET", "M-SEARCH"), source("10.0.0.0/8")],
            id="one each",
        ),
        pytest.param([path("/" + "a" * 127)], id="128 characters"),
        pytest.param([path("/*/*/*/*/?")], id="5 wildcards"),
        pytest.param([query({"Value": r"\*\*\*\*\*\*"})], id="escaped wildcards"),
        pytest.param([path_regex("^/a+/.*.*.*.*.*.*$")], id="a regular expression has no wildcards"),
        pytest.param([path_regex(r"\(?=a", r"\\1")], id="an escape is neither look-ahead nor reference"),
        pytest.param([header("a" * 40, "x")], id="a name of 40 characters"),
        pytest.param([source("10.0.0.0/8", "fd00::/8")], id="both kinds of address"),
    ],
)
def test_conditions_within_the_limits_are_accepted(elbv2: Any, petclinic: Any, conditions: Any) -> None:
    """Fact: http-header and query-string may repeat."""
    (rule,) = elbv2.modify_rule(RuleArn=petclinic.rule, Conditions=conditions)["Rules"]
    plain = [
        {name: value for name, value in condition.items() if name not in {"Values", "RegexValues"}}
        for condition in rule["Conditions"]
    ]
    assert plain == conditions


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param([], id="none"),
        pytest.param([{"Field": "cookie", "Values": ["a"]}], id="an unknown field"),
        pytest.param([{"Values": ["/a"]}], id="no field"),
        pytest.param([{"Field": "path-pattern"}], id="no value"),
        pytest.param([path()], id="an empty list"),
        pytest.param([path("")], id="an empty value"),
        pytest.param([path("/a", "/b", "/c", "/d")], id="4 values"),
        pytest.param([path("/a", "/b", "/c"), host("a.b", "c.d"), method("GET")], id="6 values in the rule"),
        pytest.param([path("/*/*/*"), host("*.*.*.com")], id="6 wildcards in the rule"),
        pytest.param([path("/a"), path("/b")], id="two paths"),
        pytest.param([host("a.b"), host("c.d")], id="two hosts"),
        pytest.param([method("GET"), method("PUT")], id="two methods"),
        pytest.param([source("10.0.0.0/8"), source("172.16.0.0/12")], id="two sources"),
        pytest.param([path("/" + "a" * 128)], id="129 characters"),
        pytest.param([path("/a b")], id="a blank in a path"),
        pytest.param([host("localhost")], id="a host without a dot"),
        pytest.param([host("a.b_c")], id="a host with an underscore"),
        pytest.param([method("get")], id="a method in small letters"),
        pytest.param([method("G*")], id="a wildcard in a method"),
        pytest.param([method("A" * 41)], id="a method of 41 characters"),
        pytest.param([header("a" * 41, "x")], id="a name of 41 characters"),
        pytest.param([header("X Canary", "x")], id="a blank in a name"),
        pytest.param([header("Host", "x")], id="the host as a header"),
        pytest.param([{"Field": "http-header", "HttpHeaderConfig": {"Values": ["x"]}}], id="no name"),
        pytest.param([header("X-Canary", "x", RegexValues=["y"])], id="values and regular expressions"),
        pytest.param([path_regex("(")], id="no regular expression"),
        pytest.param([path_regex("a{99999999999}")], id="too much repetition"),
        pytest.param([path_regex("^/[[:alpha:]]$")], id="a class that Python reads otherwise"),
        pytest.param([path_regex("^/(?!admin)")], id="look-ahead"),
        pytest.param([path_regex("(?<=a)b")], id="look-behind"),
        pytest.param([path_regex(r"(a)\1")], id="a back reference"),
        pytest.param([source("10.0.0.3")], id="an address without a prefix"),
        pytest.param([source("10.0.0.*")], id="a wildcard in an address"),
        pytest.param([query({"Key": "v"})], id="a key without a value"),
        pytest.param([{**path("/a"), "HostHeaderConfig": {"Values": ["a.b"]}}], id="another field's config"),
        pytest.param([{"Field": "http-header", "Values": ["x"]}], id="the short form of a header"),
    ],
)
def test_conditions_beyond_the_limits_are_refused(elbv2: Any, petclinic: Any, conditions: Any) -> None:
    """Fact: conditions have limits."""
    with pytest.raises(ClientError, match=r"\(ValidationError\)"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Conditions=conditions)
    with pytest.raises(ClientError, match=r"\(ValidationError\)"):
        elbv2.create_rule(
            ListenerArn=petclinic.listener,
            Priority=2,
            Conditions=conditions,
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
        )


@pytest.mark.parametrize(
    ("field", "config", "value"),
    [("host-header", "HostHeaderConfig", "*.example.com"), ("path-pattern", "PathPatternConfig", "/a")],
)
@pytest.mark.parametrize("member", ["Values", "RegexValues"])
def test_values_are_described_beside_the_config_but_cannot_be_sent_like_this(
    *, elbv2: Any, petclinic: Any, field: str, config: str, value: str, member: str
) -> None:
    """Fact: Values is returned beside HostHeaderConfig, but refused beside it."""
    value = value.replace("*", ".*") if member == "RegexValues" else value
    for sent in ({"Field": field, member: [value]}, {"Field": field, config: {member: [value]}}):
        (rule,) = elbv2.modify_rule(RuleArn=petclinic.rule, Conditions=[sent])["Rules"]
        assert rule["Conditions"] == [{"Field": field, member: [value], config: {member: [value]}}]
    with pytest.raises(ClientError, match=f"You cannot provide both {member} and '{config}'"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Conditions=rule["Conditions"])


def test_transforms_are_described_as_they_were_sent(elbv2: Any, petclinic: Any) -> None:
    transforms = [HOST_REWRITE, URL_REWRITE]
    (rule,) = elbv2.modify_rule(RuleArn=petclinic.rule, Transforms=transforms)["Rules"]
    assert rule["Transforms"] == transforms


@pytest.mark.parametrize(
    "transforms",
    [
        pytest.param([URL_REWRITE, URL_REWRITE], id="two of a type"),
        pytest.param([{"Type": "url-rewrite"}], id="no config"),
        pytest.param([{**HOST_REWRITE, "Type": "url-rewrite"}], id="another's config"),
        pytest.param([rewrite("url-rewrite", "UrlRewriteConfig", times=2)], id="two rewrites"),
        pytest.param([rewrite("url-rewrite", "UrlRewriteConfig", regex="(")], id="no regular expression"),
        pytest.param([rewrite("url-rewrite", "UrlRewriteConfig", replacement="b" * 1025)], id="too long"),
    ],
)
def test_invalid_transforms_are_refused(elbv2: Any, petclinic: Any, transforms: Any) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationError\)"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Transforms=transforms)
