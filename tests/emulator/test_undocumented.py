"""Calls and requests that AWS does not document are accepted, and marked in the journal."""

from typing import Any

import pytest
import urllib3

FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}, "Order": 2}
URL = "https://idp.example.com"
JWT = {
    "Type": "jwt-validation",
    "Order": 1,
    "JwtValidationConfig": {"JwksEndpoint": URL, "Issuer": URL, "AdditionalClaims": []},
}


def mark(control: Any) -> str | None:
    """The mark of the last call."""
    entry = control("GET", "journal")[-1]
    assert entry["status"] == 200
    undocumented: str | None = entry.get("undocumented")
    return undocumented


def forward(*pairs: tuple[str, int | None]) -> list[dict[str, Any]]:
    tuples = [
        {"TargetGroupArn": arn} if weight is None else {"TargetGroupArn": arn, "Weight": weight}
        for arn, weight in pairs
    ]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}]


@pytest.mark.undocumented
def test_a_forward_with_all_weights_zero_is_marked(elbv2: Any, petclinic: Any, control: Any) -> None:
    """Fact: all weights zero is undocumented."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(0, 0))
    assert mark(control) == "a forward action with all weights 0"


@pytest.mark.undocumented
def test_a_single_group_at_weight_zero_is_marked(elbv2: Any, petclinic: Any, control: Any) -> None:
    """Fact: a single group at zero is undocumented."""
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=forward((petclinic.stable, 0)))
    assert mark(control) == "a lone target group at weight 0"


@pytest.mark.undocumented
def test_an_escaped_wildcard_outside_a_query_string_is_marked(
    elbv2: Any, petclinic: Any, control: Any
) -> None:
    """Fact: escaping by a backslash is documented for query strings only."""
    config = {"HttpHeaderName": "X-Canary", "Values": [r"\*"]}
    elbv2.modify_rule(
        RuleArn=petclinic.rule, Conditions=[{"Field": "http-header", "HttpHeaderConfig": config}]
    )
    assert mark(control) == "a wildcard behind a backslash outside a query string"


@pytest.mark.undocumented
def test_an_empty_list_of_claims_is_marked(elbv2: Any, petclinic: Any, control: Any) -> None:
    """Fact: AdditionalClaims must be left out when it is empty."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[JWT, FIXED])
    assert mark(control) == "an empty AdditionalClaims"


@pytest.mark.undocumented
def test_a_request_to_a_group_with_only_initial_targets_is_marked_once(
    elbv2: Any, petclinic: Any, control: Any, listener_url: Any, http: urllib3.PoolManager
) -> None:
    """Fact: a group with only initial targets is undocumented."""
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": "10.64.0.3", "Port": 8080}])
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=forward((petclinic.stable, 1)))
    for _ in range(3):
        assert http.request("GET", listener_url(petclinic.listener)).status == 503
    marks = [entry for entry in control("GET", "journal") if "undocumented" in entry]
    (entry,) = marks
    assert (entry["action"], entry["parameters"]) == ("Request", {"TargetGroupArn": petclinic.stable})
    assert entry["undocumented"] == "a request to a target group that has only targets in registration"


@pytest.mark.parametrize(
    ("weights", "conditions"),
    [
        pytest.param((0, 1), [{"Field": "path-pattern", "Values": ["/a"]}], id="one of two has weight"),
        pytest.param(
            (None,),
            [{"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": r"\*"}]}}],
            id="a single group without weight",
        ),
    ],
)
def test_documented_calls_are_not_marked(
    elbv2: Any, petclinic: Any, control: Any, weights: tuple[int | None, ...], conditions: Any
) -> None:
    actions = forward(*zip((petclinic.stable, petclinic.canary), weights, strict=False))
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=actions, Conditions=conditions)
    assert mark(control) is None
