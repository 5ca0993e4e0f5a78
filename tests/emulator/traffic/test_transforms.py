"""A rule's transforms change the request that its targets get, not the rule that matches."""

from typing import Any

import pytest

HOST = {
    "Type": "host-header-rewrite",
    "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "^www[.](.+)$", "Replace": "internal.$1"}]},
}


def url(regex: str, replacement: str) -> dict[str, Any]:
    return {
        "Type": "url-rewrite",
        "UrlRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": replacement}]},
    }


@pytest.mark.parametrize(
    ("transforms", "path", "sent"),
    [
        pytest.param(
            [url("^/petclinic/", "/")],
            "/petclinic/pets?a=%2F",
            ("/pets?a=%2F", "www.example.com:8443"),
            id="url",
        ),
        pytest.param([HOST], "/petclinic/", ("/petclinic/", "internal.example.com"), id="host"),
        pytest.param(
            [HOST, url("^/x", "/")], "/petclinic/", ("/petclinic/", "internal.example.com"), id="no match"
        ),
    ],
)
def test_the_target_gets_the_transformed_request(
    *,
    elbv2: Any,
    petclinic: Any,
    served: Any,
    listener_url: Any,
    http: Any,
    transforms: Any,
    path: str,
    sent: Any,
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0), Transforms=transforms)
    answer = http.request(
        "GET", listener_url(petclinic.listener) + path, headers={"Host": "www.example.com:8443"}
    )
    assert answer.status == 200
    (request,) = served["stable"].requests
    assert (request.raw_path, request.headers["Host"]) == sent


def test_a_transform_whose_result_cannot_be_sent_answers_500(
    *, elbv2: Any, petclinic: Any, served: Any, listener_url: Any, http: Any
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0), Transforms=[url("^/", "")])
    assert http.request("GET", listener_url(petclinic.listener) + "/petclinic/").status == 500
    assert served["stable"].requests == []
