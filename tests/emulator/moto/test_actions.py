"""Actions that AWS refuses, or describes unlike moto."""

from typing import Any

import pytest

from support.aws.refusals import accepted, refused

FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
COGNITO = {
    "Type": "authenticate-cognito",
    "AuthenticateCognitoConfig": {
        "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Aa1",
        "UserPoolClientId": "client",
        "UserPoolDomain": "petclinic",
    },
}
JWT = {
    "Type": "jwt-validation",
    "JwtValidationConfig": {
        "JwksEndpoint": "https://idp.example.com/jwks",
        "Issuer": "https://idp.example.com",
        "AdditionalClaims": [{"Format": "single-string", "Name": "team", "Values": ["petclinic"]}],
    },
}
TRANSFORMS = [
    {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a/(.*)$", "Replace": "/b/$1"}]}}
]


def oidc(**more: Any) -> dict[str, Any]:
    endpoints = {
        name: f"https://idp.example.com/{name}"
        for name in ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint")
    }
    return {
        "Type": "authenticate-oidc",
        "AuthenticateOidcConfig": {**endpoints, "ClientId": "petclinic", **more},
    }


def ordered(*actions: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**action, "Order": number} for number, action in enumerate(actions, start=1)]


def forward(*pairs: tuple[str, int | None], **more: Any) -> dict[str, Any]:
    tuples = [
        {"TargetGroupArn": arn} if weight is None else {"TargetGroupArn": arn, "Weight": weight}
        for arn, weight in pairs
    ]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": tuples, **more}}


def actions_of(elbv2: Any, rule: str) -> list[dict[str, Any]]:
    return list(elbv2.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"])


def test_modify_rule_cannot_change_the_default_rule(elbv2: Any, petclinic: Any) -> None:
    """Row: ModifyRule on a default rule."""
    rules = elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"]
    (default,) = (rule for rule in rules if rule["IsDefault"])
    with refused("OperationNotPermitted"):
        elbv2.modify_rule(RuleArn=default["RuleArn"], Actions=[FIXED])


@pytest.mark.parametrize("weight", [-1, 1000, 5000])
def test_a_weight_outside_0_to_999_is_refused(elbv2: Any, petclinic: Any, weight: int) -> None:
    """Row: weights -1, 1000, 5000, missing with two groups."""
    with refused("ValidationError", "[Ww]eight"):
        elbv2.modify_rule(
            RuleArn=petclinic.rule, Actions=[forward((petclinic.stable, weight), (petclinic.canary, 1))]
        )


def test_one_of_two_groups_without_a_weight_is_refused(elbv2: Any, petclinic: Any) -> None:
    """Row: weights -1, 1000, 5000, missing with two groups."""
    with refused("ValidationError", "[Ww]eight"):
        elbv2.modify_rule(
            RuleArn=petclinic.rule, Actions=[forward((petclinic.stable, 1), (petclinic.canary, None))]
        )


def test_a_forward_to_6_groups_is_refused(elbv2: Any, petclinic: Any, make_group: Any) -> None:
    """Row: 6 groups, duplicate or no groups, two forwards, auth alone, OIDC on HTTP."""
    groups = [(make_group(f"g{number}"), 1) for number in range(6)]
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[forward(*groups[:5])])
    with refused("ValidationError", "at most 5"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[forward(*groups)])


@pytest.mark.parametrize("groups", [0, 2])
def test_a_forward_to_one_group_twice_or_to_none_is_refused(elbv2: Any, petclinic: Any, groups: int) -> None:
    """Row: 6 groups, duplicate or no groups, two forwards, auth alone, OIDC on HTTP."""
    with refused("ValidationError", "target group"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[forward(*[(petclinic.stable, 1)] * groups)])


def test_two_forwards_are_refused(elbv2: Any, petclinic: Any) -> None:
    """Row: 6 groups, duplicate or no groups, two forwards, auth alone, OIDC on HTTP."""
    both = ordered(forward((petclinic.stable, 1)), forward((petclinic.canary, 1)))
    with refused("InvalidLoadBalancerAction"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=both)


def test_authentication_alone_is_refused(elbv2: Any, petclinic: Any) -> None:
    """Row: 6 groups, duplicate or no groups, two forwards, auth alone, OIDC on HTTP."""
    with refused("InvalidLoadBalancerAction"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[COGNITO])


def test_oidc_on_an_http_listener_is_refused(elbv2: Any, petclinic: Any) -> None:
    """Row: 6 groups, duplicate or no groups, two forwards, auth alone, OIDC on HTTP."""
    with refused("InvalidLoadBalancerAction", "HTTPS"):
        elbv2.create_listener(
            LoadBalancerArn=petclinic.balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=ordered(oidc(ClientSecret="s3cret"), FIXED),
        )


def test_a_client_secret_is_never_returned(elbv2: Any, petclinic: Any) -> None:
    """Row: OIDC secret."""
    modified = elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(oidc(ClientSecret="s3cret"), FIXED))[
        "Rules"
    ][0]["Actions"]
    for actions in (modified, actions_of(elbv2, petclinic.rule)):
        assert "ClientSecret" not in actions[0]["AuthenticateOidcConfig"]


def test_a_change_without_the_secret_must_ask_to_keep_it(elbv2: Any, petclinic: Any) -> None:
    """Row: OIDC secret."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(oidc(ClientSecret="s3cret"), FIXED))
    with refused("InvalidLoadBalancerAction", "ClientSecret"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(oidc(), FIXED))
    kept = ordered(oidc(UseExistingClientSecret=True), FIXED)
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=kept)
    assert "UseExistingClientSecret" not in actions_of(elbv2, petclinic.rule)[0]["AuthenticateOidcConfig"]


def test_a_secret_cannot_be_both_kept_and_sent(elbv2: Any, petclinic: Any) -> None:
    """Row: OIDC secret."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(oidc(ClientSecret="s3cret"), FIXED))
    both = oidc(ClientSecret="s3cret", UseExistingClientSecret=True)
    with refused("InvalidLoadBalancerAction", "both"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(both, FIXED))


def test_jwt_validation_is_kept(elbv2: Any, petclinic: Any) -> None:
    """Row: jwt-validation, transforms."""
    with accepted():
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(JWT, FIXED))
    assert actions_of(elbv2, petclinic.rule)[0] == {**JWT, "Order": 1}


def test_transforms_are_kept_until_they_are_reset(elbv2: Any, petclinic: Any) -> None:
    """Row: jwt-validation, transforms."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(60, 40), Transforms=TRANSFORMS)
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(50, 50))
    assert elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"][0].get("Transforms") == TRANSFORMS
    (reset,) = elbv2.modify_rule(RuleArn=petclinic.rule, ResetTransforms=True)["Rules"]
    assert not reset.get("Transforms")


def test_groups_with_sticky_sessions_need_group_stickiness(elbv2: Any, petclinic: Any) -> None:
    """Row: group stickiness against sticky groups, no duration."""
    both = ((petclinic.stable, 1), (petclinic.canary, 1))
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[forward((petclinic.stable, 1))])
    sticky = [{"Key": "stickiness.enabled", "Value": "true"}]
    elbv2.modify_target_group_attributes(TargetGroupArn=petclinic.canary, Attributes=sticky)
    with refused("InvalidLoadBalancerAction", "group stickiness"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[forward(*both)])
    enabled = {"Enabled": True, "DurationSeconds": 60}
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[forward(*both, TargetGroupStickinessConfig=enabled)])


def test_sessions_do_not_become_sticky_behind_a_rule_without_group_stickiness(
    elbv2: Any, petclinic: Any
) -> None:
    """Row: group stickiness against sticky groups, no duration."""
    sticky = [{"Key": "stickiness.enabled", "Value": "true"}]
    with refused("InvalidConfigurationRequest", "group stickiness"):
        elbv2.modify_target_group_attributes(TargetGroupArn=petclinic.canary, Attributes=sticky)


@pytest.mark.parametrize(
    "stickiness",
    [
        pytest.param({"Enabled": True}, id="none"),
        pytest.param({"Enabled": True, "DurationSeconds": 0}, id="0"),
        pytest.param({"Enabled": False, "DurationSeconds": 0}, id="0 though disabled"),
        pytest.param({"Enabled": True, "DurationSeconds": 604801}, id="over a week"),
    ],
)
def test_group_stickiness_lasts_from_a_second_to_a_week(elbv2: Any, petclinic: Any, stickiness: Any) -> None:
    """Row: group stickiness against sticky groups, no duration."""
    sent = forward((petclinic.stable, 1), (petclinic.canary, 1), TargetGroupStickinessConfig=stickiness)
    with refused("ValidationError", "duration"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[sent])


@pytest.mark.parametrize("weight", [-1, 1000, None])
def test_default_actions_are_checked_too(elbv2: Any, petclinic: Any, weight: int | None) -> None:
    """Row: ModifyListener."""
    with refused("ValidationError", "[Ww]eight"):
        elbv2.modify_listener(
            ListenerArn=petclinic.listener,
            DefaultActions=[forward((petclinic.stable, weight), (petclinic.canary, 1))],
        )


def test_default_actions_must_end_with_a_final_one(elbv2: Any, petclinic: Any) -> None:
    """Row: ModifyListener."""
    with refused("InvalidLoadBalancerAction"):
        elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=[COGNITO])
