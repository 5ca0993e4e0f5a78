"""A described condition ↔ Condition."""

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from elbv2_emulator.api.checks.conditions import check_conditions
from elbv2_trafficrouter.aws.elbv2.conditions import conditions, conditions_to_send
from elbv2_trafficrouter.routing.rule import Condition
from support.any.rule import REGION, any_rule

CREATE_RULE: Any = (
    botocore.session.get_session().get_service_model("elbv2").operation_model("CreateRule").input_shape
)

Json = dict[str, Any]


def header(name: str, **values: list[str]) -> Json:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, **values}}


def query(*pairs: Json) -> Json:
    return {"Field": "query-string", "QueryStringConfig": {"Values": list(pairs)}}


PAIRS = [
    pytest.param(
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com", "*.example.com"]}},
        Condition("host-header", frozenset({"a.example.com", "*.example.com"})),
        id="host",
    ),
    pytest.param(
        {"Field": "host-header", "HostHeaderConfig": {"RegexValues": [r"^a\.example\.com$"]}},
        Condition("host-header", frozenset({r"^a\.example\.com$"}), is_regex=True),
        id="host by regex",
    ),
    pytest.param(
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/petclinic*"]}},
        Condition("path-pattern", frozenset({"/petclinic*"})),
        id="path",
    ),
    pytest.param(
        {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/v[0-9]+/"]}},
        Condition("path-pattern", frozenset({"^/v[0-9]+/"}), is_regex=True),
        id="path by regex",
    ),
    pytest.param(
        header("X-User", Values=["alice", "bob"]),
        Condition("http-header", frozenset({"alice", "bob"}), name="X-User"),
        id="header",
    ),
    pytest.param(
        header("X-User", RegexValues=["a|b"]),
        Condition("http-header", frozenset({"a|b"}), is_regex=True, name="X-User"),
        id="header by regex",
    ),
    pytest.param(
        query({"Key": "v", "Value": "1"}),
        Condition("query-string", frozenset({("v", "1")})),
        id="query with a key",
    ),
    pytest.param(
        query({"Value": "1"}), Condition("query-string", frozenset({("", "1")})), id="query without a key"
    ),
    pytest.param(
        query({"Value": "1"}, {"Key": "v", "Value": "1"}),
        Condition("query-string", frozenset({("", "1"), ("v", "1")})),
        id="query with both",
    ),
    pytest.param(
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        Condition("http-request-method", frozenset({"GET"})),
        id="method",
    ),
    pytest.param(
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
        Condition("source-ip", frozenset({"10.0.0.0/8"})),
        id="address",
    ),
]


def same(described: Any) -> str:
    """The same text for conditions that mean the same: order and repetition mean nothing."""
    if isinstance(described, list):
        return str(sorted(set(map(same, described))))
    if isinstance(described, dict):
        return str(sorted((key, same(one)) for key, one in described.items()))
    return str(described)


@pytest.mark.parametrize(("described", "condition"), PAIRS)
def test_a_condition_is_read_and_sent(described: Json, condition: Condition) -> None:
    assert conditions([described]) == (frozenset({condition}), ())
    assert same(conditions_to_send([condition])) == same([described])


@pytest.mark.parametrize(("described", "condition"), PAIRS)
def test_values_that_come_beside_their_configuration_are_not_sent_back(
    described: Json, condition: Condition
) -> None:
    """You cannot provide both Values and 'HostHeaderConfig'."""
    echoed = {**described, "Values": ["a.example.com"], "RegexValues": []}
    assert conditions([echoed]) == (frozenset({condition}), ())
    assert "Values" not in conditions_to_send([condition])[0]


@pytest.mark.parametrize(
    ("field", "config"), [("host-header", "HostHeaderConfig"), ("path-pattern", "PathPatternConfig")]
)
@pytest.mark.parametrize("values", ["Values", "RegexValues"])
def test_an_old_rule_has_its_values_beside_the_field_alone(field: str, config: str, values: str) -> None:
    understood, unknown = conditions([{"Field": field, values: ["a"]}])
    assert unknown == ()
    assert conditions_to_send(understood) == [{"Field": field, config: {values: ["a"]}}]


@pytest.mark.parametrize(
    ("described", "place"),
    [
        pytest.param({"Field": "ja4", "Values": ["x"]}, "Conditions[1].Field ja4", id="an unknown field"),
        pytest.param(
            {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"], "IpAddressType": "ipv4"}},
            "Conditions[1].IpAddressType",
            id="an unknown setting",
        ),
        pytest.param(
            {"Field": "host-header", "HostHeaderConfig": {}},
            "Conditions[1].HostHeaderConfig",
            id="values of a form that botocore drops",
        ),
        pytest.param({}, "Conditions[1].Field ", id="no field"),
    ],
)
def test_what_is_not_understood_is_told_by_its_place(described: Json, place: str) -> None:
    known = header("X-User", Values=["alice"])
    understood, unknown = conditions([known, described])
    assert (len(understood), unknown) == (1, (place,))


def test_every_field_of_the_model_is_understood() -> None:
    """A configuration that the next botocore adds turns this red."""
    members = set(CREATE_RULE.members["Conditions"].member.members)
    assert members - {"Field", "Values", "RegexValues"} == {
        next(key for key in one.values[0] if key != "Field")  # type: ignore[union-attr]  # the first is described
        for one in PAIRS
    }


def test_the_same_conditions_are_sent_in_the_same_order() -> None:
    """Otherwise a repeated call would look different in CloudTrail."""
    some = [condition for one in PAIRS for condition in one.values if isinstance(condition, Condition)]
    assert conditions_to_send(frozenset(some)) == conditions_to_send(list(reversed(some)))


@given(
    any_rule("HTTP", dict.fromkeys(["was-stable", "was-canary", "was-experiment", "web", "api", "old"], "a"))
)
def test_whatever_a_rule_has_goes_back_as_it_was(rule: Json) -> None:
    understood, unknown = conditions(rule["Conditions"])
    sent = conditions_to_send(understood)
    assert unknown == ()
    report = ParamValidator().validate(
        {**rule, "ListenerArn": REGION, "Priority": 1, "Conditions": sent}, CREATE_RULE
    )
    assert not report.has_errors(), report.generate_report()
    check_conditions(sent)
    assert conditions(sent) == (understood, ())
    assert {same(one) for one in sent} == {same(one) for one in rule["Conditions"]}


@given(
    st.sets(st.sampled_from(["alice", "bob", "carol"]), min_size=1),
    st.permutations(["alice", "bob", "carol"]),
)
def test_the_order_of_values_means_nothing(values: set[str], order: list[str]) -> None:
    one = header("X-User", Values=sorted(values))
    other = header("X-User", Values=[value for value in order if value in values])
    assert conditions([one]) == conditions([other])
