"""Which actions a rule or listener may have, and how they are described."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Port": "8443", "StatusCode": "HTTP_301"}}
JWT = {
    "Type": "jwt-validation",
    "JwtValidationConfig": {
        "JwksEndpoint": "https://idp.example.com/jwks",
        "Issuer": "https://idp.example.com",
        "AdditionalClaims": [{"Format": "single-string", "Name": "team", "Values": ["petclinic"]}],
    },
}
COGNITO = {
    "Type": "authenticate-cognito",
    "AuthenticateCognitoConfig": {
        "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Aa1",
        "UserPoolClientId": "client",
        "UserPoolDomain": "petclinic",
    },
}


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


def groups(*pairs: tuple[str, int | None]) -> list[dict[str, Any]]:
    tuples = [
        {"TargetGroupArn": arn} if weight is None else {"TargetGroupArn": arn, "Weight": weight}
        for arn, weight in pairs
    ]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}]


@pytest.mark.parametrize("weight", [0, 1, 999])
def test_a_weight_is_0_to_999(elbv2: Any, petclinic: Any, weight: int) -> None:
    """Fact: a weight is 0 to 999."""
    rules = elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(weight, 1))["Rules"]
    assert rules[0]["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["Weight"] == weight


@pytest.mark.parametrize(
    ("actions", "code"),
    [
        pytest.param([], "ValidationError", id="none"),
        pytest.param(ordered(FIXED, FIXED), "InvalidLoadBalancerAction", id="two final ones"),
        pytest.param([COGNITO], "InvalidLoadBalancerAction", id="authentication alone"),
        pytest.param(ordered(FIXED, COGNITO), "InvalidLoadBalancerAction", id="authentication last"),
        pytest.param(
            ordered(COGNITO, JWT, FIXED), "InvalidLoadBalancerAction", id="two before the final one"
        ),
        pytest.param([JWT, FIXED], "ValidationError", id="no order"),
        pytest.param([{**JWT, "Order": 1}, {**FIXED, "Order": 1}], "ValidationError", id="the same order"),
        pytest.param([{"Type": "forward"}], "InvalidLoadBalancerAction", id="forward to nowhere"),
        pytest.param(groups(), "ValidationError", id="forward to no group"),
        pytest.param([{**FIXED, "Type": "redirect"}], "InvalidLoadBalancerAction", id="another's config"),
        pytest.param(
            [{**FIXED, "TargetGroupArn": "x"}], "InvalidLoadBalancerAction", id="a group without forward"
        ),
        pytest.param(
            [{"Type": "forward", "TargetGroupArn": "was-stable"}], "ValidationError", id="a name for an ARN"
        ),
        pytest.param(
            [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}],
            "InvalidLoadBalancerAction",
            id="a redirect to itself",
        ),
        pytest.param(
            [{"Type": "redirect", "RedirectConfig": {"Port": "99999", "StatusCode": "HTTP_301"}}],
            "ValidationError",
            id="a redirect to no port",
        ),
        pytest.param(
            [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}}],
            "ValidationError",
            id="a fixed redirect",
        ),
        pytest.param(
            [
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {"StatusCode": "200", "ContentType": "image/png"},
                }
            ],
            "ValidationError",
            id="a fixed picture",
        ),
        pytest.param(ordered(oidc(), FIXED), "InvalidLoadBalancerAction", id="no secret"),
        pytest.param(
            ordered(oidc(UseExistingClientSecret=True), FIXED),
            "InvalidLoadBalancerAction",
            id="no secret to keep",
        ),
        pytest.param(
            ordered(oidc(ClientSecret="s", TokenEndpoint="http://idp.example.com"), FIXED),
            "InvalidLoadBalancerAction",
            id="an endpoint without TLS",
        ),
        pytest.param(
            ordered(oidc(ClientSecret="s", TokenEndpoint="https://[idp.example.com"), FIXED),
            "InvalidLoadBalancerAction",
            id="an endpoint that is no URL",
        ),
        pytest.param(
            ordered(oidc(ClientSecret="s", SessionTimeout=604801), FIXED),
            "ValidationError",
            id="a long session",
        ),
    ],
)
def test_invalid_actions_are_refused(elbv2: Any, petclinic: Any, actions: Any, code: str) -> None:
    """Fact: one of forward, redirect and fixed-response comes last, after at most one authentication."""
    before = elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"]
    with pytest.raises(ClientError, match=rf"\({code}\)"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=actions)
    with pytest.raises(ClientError, match=rf"\({code}\)"):
        elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=actions)
    assert elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"] == before


def test_a_client_secret_is_never_returned_and_can_be_kept(elbv2: Any, petclinic: Any) -> None:
    """Fact: authenticate-oidc is returned without its secret and with its defaults."""
    extra = {"display": "page", "prompt": "login"}
    first = oidc(ClientSecret="s3cret", AuthenticationRequestExtraParams=extra)
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(first, FIXED))
    returned = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"][0]["Actions"][0]
    assert returned["AuthenticateOidcConfig"] == {
        **oidc()["AuthenticateOidcConfig"],
        "AuthenticationRequestExtraParams": extra,
        "SessionCookieName": "AWSELBAuthSessionCookie",
        "Scope": "openid",
        "SessionTimeout": 604800,
        "OnUnauthenticatedRequest": "authenticate",
    }
    with pytest.raises(ClientError, match=r"\(InvalidLoadBalancerAction\).*ClientSecret"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(oidc(), FIXED))
    both = oidc(ClientSecret="s3cret", UseExistingClientSecret=True)
    with pytest.raises(ClientError, match=r"\(InvalidLoadBalancerAction\).*both"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(both, FIXED))
    elbv2.modify_rule(
        RuleArn=petclinic.rule, Actions=ordered(oidc(UseExistingClientSecret=True, Scope="email"), FIXED)
    )
    returned = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"][0]["Actions"][0]
    assert returned["AuthenticateOidcConfig"]["Scope"] == "email"
    assert not {"ClientSecret", "UseExistingClientSecret"} & set(returned["AuthenticateOidcConfig"])


def test_cognito_is_described_with_its_defaults(elbv2: Any, petclinic: Any) -> None:
    """Fact: authenticate-cognito is returned with its defaults."""
    (rule,) = elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(COGNITO, FIXED))["Rules"]
    config = rule["Actions"][0]["AuthenticateCognitoConfig"]
    assert config["SessionTimeout"] == 604800
    assert config["OnUnauthenticatedRequest"] == "authenticate"


def test_jwt_validation_is_kept_as_it_was_sent(elbv2: Any, petclinic: Any) -> None:
    """Fact: jwt-validation is returned as it was sent."""
    (rule,) = elbv2.modify_rule(RuleArn=petclinic.rule, Actions=ordered(JWT, FIXED))["Rules"]
    assert rule["Actions"][0] == {**JWT, "Order": 1}


def test_a_redirect_is_described_with_its_defaults(elbv2: Any, petclinic: Any) -> None:
    (rule,) = elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[REDIRECT])["Rules"]
    assert rule["Actions"][0] == {
        "Type": "redirect",
        "Order": 1,
        "RedirectConfig": {
            "Protocol": "#{protocol}",
            "Host": "#{host}",
            "Port": "8443",
            "Path": "/#{path}",
            "Query": "#{query}",
            "StatusCode": "HTTP_301",
        },
    }


def test_actions_are_described_in_their_order(elbv2: Any, petclinic: Any) -> None:
    """Fact: Order is required for several actions, and returned even for a single one."""
    actions = [{**FIXED, "Order": 7}, {**JWT, "Order": 3}]
    (rule,) = elbv2.modify_rule(RuleArn=petclinic.rule, Actions=actions)["Rules"]
    assert [(action["Type"], action["Order"]) for action in rule["Actions"]] == [
        ("jwt-validation", 3),
        ("fixed-response", 7),
    ]


def test_a_group_that_does_not_exist_is_refused(elbv2: Any, petclinic: Any) -> None:
    missing = petclinic.canary[:-16] + "0" * 16
    with pytest.raises(ClientError, match=rf"\(TargetGroupNotFound\).*{missing}"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=groups((petclinic.stable, 1), (missing, 1)))


def test_a_group_is_on_one_load_balancer_only(elbv2: Any, petclinic: Any) -> None:
    """Fact: a target group belongs to at most one load balancer."""
    other = elbv2.create_load_balancer(Name="other", Subnets=["subnet-a", "subnet-b"])["LoadBalancers"][0]
    forward = [{"Type": "forward", "TargetGroupArn": petclinic.canary}]

    def listen() -> None:
        elbv2.create_listener(
            LoadBalancerArn=other["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward
        )

    with pytest.raises(ClientError, match="TargetGroupAssociationLimit"):
        listen()
    # The association follows every change of a rule.
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=groups((petclinic.stable, 1)))
    listen()
    with pytest.raises(ClientError, match="TargetGroupAssociationLimit"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 1))
    (group,) = elbv2.describe_target_groups(TargetGroupArns=[petclinic.canary])["TargetGroups"]
    assert group["LoadBalancerArns"] == [other["LoadBalancerArn"]]


def test_a_load_balancer_has_at_most_100_groups(elbv2: Any, petclinic: Any, make_group: Any) -> None:
    """Fact: a load balancer has at most 100 target groups."""
    arns = [petclinic.stable, petclinic.canary, *(make_group(f"g{number}") for number in range(99))]

    def forward(priority: int, some: list[str]) -> None:
        elbv2.create_rule(
            ListenerArn=petclinic.listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": ["/"]}],
            Actions=groups(*((arn, 1) for arn in some)),
        )

    for first in range(0, 100, 5):
        forward(first + 2, arns[first : first + 5])
    with pytest.raises(ClientError, match="TooManyUniqueTargetGroupsPerLoadBalancer"):
        forward(200, arns[100:])
    # Groups that the load balancer has already do not count again.
    forward(200, arns[:5])


@pytest.fixture
def sticky(elbv2: Any, petclinic: Any) -> str:
    """The stable group, whose targets are sticky."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[FIXED])
    elbv2.modify_target_group_attributes(
        TargetGroupArn=petclinic.stable,
        Attributes=[
            {"Key": "stickiness.enabled", "Value": "true"},
            {"Key": "stickiness.type", "Value": "lb_cookie"},
        ],
    )
    return str(petclinic.stable)


def test_a_group_with_sticky_targets_may_be_the_only_group_of_a_rule(
    elbv2: Any, petclinic: Any, sticky: str
) -> None:
    (rule,) = elbv2.modify_rule(RuleArn=petclinic.rule, Actions=groups((sticky, 1)))["Rules"]
    assert rule["Actions"][0]["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": sticky, "Weight": 1}]


def test_a_group_with_sticky_targets_beside_another_needs_group_stickiness(
    elbv2: Any, petclinic: Any, sticky: str
) -> None:
    """Otherwise a client would lose its target with every change of groups."""
    split = groups((sticky, 1), (petclinic.canary, 1))
    with pytest.raises(ClientError, match="You must enable group stickiness"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=split)
    split[0]["ForwardConfig"]["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": 60}
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=split)
