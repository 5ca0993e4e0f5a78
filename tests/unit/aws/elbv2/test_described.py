"""What comes back from ELBv2 → what can be sent back."""

from fractions import Fraction
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.elbv2.described import (
    actions_to_send,
    default_action,
    header_actions_to_send,
    listener_rule,
)
from elbv2_trafficrouter.routing.rule import Condition, Forward, HeaderRule, ListenerRule

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
LISTENER = f"{OWNER}:listener/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2"
STABLE = f"{OWNER}:targetgroup/was-stable/73e2d6bc24d8a067"
CANARY = f"{OWNER}:targetgroup/was-canary/943f017f100becff"

MODIFY_RULE: Any = (
    botocore.session.get_session().get_service_model("elbv2").operation_model("ModifyRule").input_shape
)

Action = dict[str, Any]


def group(arn: str, weight: int | None = None) -> dict[str, Any]:
    return {"TargetGroupArn": arn} | ({} if weight is None else {"Weight": weight})


def forward(*groups: dict[str, Any], **more: object) -> Action:
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": list(groups)} | more}


def read(*actions: Action) -> ListenerRule:
    return listener_rule({"RuleArn": RULE, "Priority": "1", "Actions": list(actions)})


def sent_back(*actions: Action) -> list[Action]:
    return actions_to_send(read(*actions))


OIDC = {
    "Issuer": "https://id.example.com",
    "AuthorizationEndpoint": "https://id.example.com/authorize",
    "TokenEndpoint": "https://id.example.com/token",
    "UserInfoEndpoint": "https://id.example.com/userinfo",
    "ClientId": "petclinic",
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604800,
    "OnUnauthenticatedRequest": "authenticate",
}
COGNITO = {
    "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI",
    "UserPoolClientId": "2u3v4w5x6y",
    "UserPoolDomain": "petclinic",
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604800,
    "OnUnauthenticatedRequest": "deny",
}
JWT = {"JwksEndpoint": "https://id.example.com/jwks", "Issuer": "https://id.example.com"}
CLAIM = {"Format": "string-array", "Name": "roles", "Values": ["vet"]}
REDIRECT = {
    "Type": "redirect",
    "RedirectConfig": {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    },
}
FIXED = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"MessageBody": "gone", "StatusCode": "410", "ContentType": "text/plain"},
}


def oidc(**more: object) -> Action:
    return {"Type": "authenticate-oidc", "AuthenticateOidcConfig": OIDC | more}


def cognito(**more: object) -> Action:
    return {"Type": "authenticate-cognito", "AuthenticateCognitoConfig": COGNITO | more}


def jwt(**more: object) -> Action:
    return {"Type": "jwt-validation", "JwtValidationConfig": JWT | more}


@pytest.mark.parametrize(
    ("described", "forwards"),
    [
        pytest.param(
            [forward(group(STABLE, 90), group(CANARY, 10))],
            ((STABLE, 90), (CANARY, 10)),
            id="two with weights",
        ),
        pytest.param([forward(group(STABLE, 1))], ((STABLE, 1),), id="one with a weight"),
        pytest.param([forward(group(STABLE))], ((STABLE, 1),), id="one without a weight has all"),
        pytest.param(
            [{"Type": "forward", "TargetGroupArn": STABLE}], ((STABLE, 1),), id="a bare TargetGroupArn"
        ),
        pytest.param(
            [{"Type": "forward", "TargetGroupArn": STABLE, "ForwardConfig": {"TargetGroups": []}}],
            ((STABLE, 1),),
            id="a TargetGroupArn beside an empty list",
        ),
        pytest.param(
            [{"TargetGroupArn": STABLE} | forward(group(STABLE, 7))],
            ((STABLE, 7),),
            id="a TargetGroupArn beside the same group",
        ),
        pytest.param([oidc(), forward(group(STABLE, 5))], ((STABLE, 5),), id="behind an authentication"),
        pytest.param([REDIRECT], (), id="a redirect has none"),
        pytest.param([FIXED], (), id="a fixed response has none"),
        pytest.param([], (), id="no action has none"),
    ],
)
def test_a_rules_forwards(described: list[Action], forwards: tuple[tuple[str, int], ...]) -> None:
    assert read(*described).forwards == tuple(Forward(Arn(arn), weight) for arn, weight in forwards)


@pytest.mark.parametrize(
    ("described", "sent"),
    [
        pytest.param(
            {"TargetGroupArn": STABLE} | forward(group(STABLE, 1)),
            forward(group(STABLE, 1)),
            id="forward: TargetGroupArn beside ForwardConfig is dropped",
        ),
        pytest.param(
            {"Type": "forward", "TargetGroupArn": STABLE},
            forward(group(STABLE, 1)),
            id="forward: TargetGroupArn alone becomes a ForwardConfig",
        ),
        pytest.param(
            forward(group(STABLE)), forward(group(STABLE, 1)), id="forward: every group gets a weight"
        ),
        pytest.param(
            forward(group(STABLE, 1), TargetGroupStickinessConfig={"Enabled": False}),
            forward(group(STABLE, 1), TargetGroupStickinessConfig={"Enabled": False}),
            id="stickiness off without a duration",
        ),
        pytest.param(
            forward(group(STABLE, 1), TargetGroupStickinessConfig={"Enabled": False, "DurationSeconds": 0}),
            forward(group(STABLE, 1), TargetGroupStickinessConfig={"Enabled": False}),
            id="stickiness off with duration 0",
        ),
        pytest.param(
            forward(
                group(STABLE, 1), TargetGroupStickinessConfig={"Enabled": False, "DurationSeconds": None}
            ),
            forward(group(STABLE, 1), TargetGroupStickinessConfig={"Enabled": False}),
            id="stickiness off with duration null",
        ),
        pytest.param(
            forward(group(STABLE, 1), TargetGroupStickinessConfig={"Enabled": True, "DurationSeconds": 300}),
            forward(group(STABLE, 1), TargetGroupStickinessConfig={"Enabled": True, "DurationSeconds": 300}),
            id="stickiness on",
        ),
        pytest.param(
            forward(group(STABLE, 1), OfAnotherDay={"Some": "setting"}),
            forward(group(STABLE, 1), OfAnotherDay={"Some": "setting"}),
            id="forward: a setting of tomorrow's botocore is kept",
        ),
        pytest.param(oidc(), oidc(UseExistingClientSecret=True), id="oidc: AWS keeps the secret"),
        pytest.param(
            oidc(UseExistingClientSecret=False, ClientSecret="never returned"),
            oidc(UseExistingClientSecret=True),
            id="oidc: a secret is never sent beside it",
        ),
        pytest.param(
            oidc(AuthenticationRequestExtraParams={}),
            oidc(UseExistingClientSecret=True),
            id="oidc: empty extra parameters",
        ),
        pytest.param(
            oidc(AuthenticationRequestExtraParams={"prompt": "login"}),
            oidc(AuthenticationRequestExtraParams={"prompt": "login"}, UseExistingClientSecret=True),
            id="oidc: extra parameters",
        ),
        pytest.param(cognito(), cognito(), id="cognito: as returned"),
        pytest.param(
            cognito(AuthenticationRequestExtraParams={}), cognito(), id="cognito: empty extra parameters"
        ),
        pytest.param(
            cognito(AuthenticationRequestExtraParams={"prompt": "login"}),
            cognito(AuthenticationRequestExtraParams={"prompt": "login"}),
            id="cognito: extra parameters",
        ),
        pytest.param(jwt(), jwt(), id="jwt: as returned"),
        pytest.param(jwt(AdditionalClaims=[]), jwt(), id="jwt: empty claims"),
        pytest.param(jwt(AdditionalClaims=[CLAIM]), jwt(AdditionalClaims=[CLAIM]), id="jwt: claims"),
        pytest.param(REDIRECT, REDIRECT, id="redirect: as returned"),
        pytest.param(FIXED, FIXED, id="fixed response: as returned"),
    ],
)
def test_what_is_returned_and_what_is_sent(described: Action, sent: Action) -> None:
    assert sent_back(described) == [sent]
    assert read(described).unwritable == ()


def test_several_actions_go_back_together_in_their_order() -> None:
    authentication, forwarding = (
        jwt() | {"Order": 1},
        forward(group(STABLE, 90), group(CANARY, 10)) | {"Order": 2},
    )
    assert sent_back(authentication, forwarding) == [authentication, forwarding]


def test_new_forwards_replace_the_old_and_touch_nothing_else() -> None:
    stickiness = {"Enabled": True, "DurationSeconds": 60}
    seen = read(oidc(), forward(group(STABLE, 1), TargetGroupStickinessConfig=stickiness) | {"Order": 2})
    wanted = ListenerRule(
        seen.arn, (Forward(Arn(STABLE), 3), Forward(Arn(CANARY), 1)), seen.actions, seen.unwritable
    )
    assert actions_to_send(wanted) == [
        oidc(UseExistingClientSecret=True),
        forward(group(STABLE, 3), group(CANARY, 1), TargetGroupStickinessConfig=stickiness) | {"Order": 2},
    ]


def test_a_groups_setting_of_tomorrows_botocore_is_kept() -> None:
    assert sent_back(forward(group(STABLE, 1) | {"OfAnotherDay": "x"}, group(CANARY, 0))) == [
        forward(group(STABLE, 1) | {"OfAnotherDay": "x"}, group(CANARY, 0))
    ]


@pytest.mark.parametrize(
    ("described", "unwritable"),
    [
        pytest.param([{"Type": "mirror"}], ("Actions[0].Type mirror",), id="alone"),
        pytest.param(
            [forward(group(STABLE, 1)), {"Type": "mirror"}],
            ("Actions[1].Type mirror",),
            id="beside a forward",
        ),
    ],
)
def test_an_action_of_an_unknown_type_is_not_understood(
    described: list[Action], unwritable: tuple[str, ...]
) -> None:
    assert read(*described).unwritable == unwritable


@pytest.mark.parametrize(
    "actions",
    [
        pytest.param([forward(group("a", 1000), group("b", 1))], id="a weight above 999"),
        pytest.param([forward(group("a", -5), group("b", 1))], id="a weight below 0"),
        pytest.param([forward(group("a", 1), group("a", 1))], id="a group twice"),
        pytest.param([forward(group("a", 1)), forward(group("b", 1))], id="two forward actions"),
    ],
)
def test_shares_that_elbv2_could_not_mean_are_not_reckoned_with(actions: list[Action]) -> None:
    seen = read(*actions)
    assert seen.forwards == ()
    assert seen.unwritable == ("ForwardConfig.TargetGroups",)


def test_unmodelled_elements_are_not_understood() -> None:
    rule = listener_rule(
        {"RuleArn": RULE, "Priority": "1", "Actions": [{"Type": "mirror"}]}, ("Actions[0].MirrorConfig",)
    )
    assert rule.unwritable == ("Actions[0].MirrorConfig", "Actions[0].Type mirror")


def test_unmodelled_elements_beside_the_actions_hinder_a_copy_alone() -> None:
    rule = listener_rule(
        {"RuleArn": RULE, "Priority": "1", "Actions": [FIXED]}, ("Conditions[0].Ja4Config", "Owner")
    )
    assert (rule.unwritable, rule.uncopyable) == ((), ("Conditions[0].Ja4Config", "Owner"))


def test_a_condition_of_an_unknown_field_hinders_a_copy() -> None:
    rule = listener_rule(
        {"RuleArn": RULE, "Priority": "1", "Actions": [FIXED], "Conditions": [{"Field": "ja4"}]}
    )
    assert (rule.conditions, rule.uncopyable) == (frozenset(), ("Conditions[0].Field ja4",))


def test_a_rule_has_its_priority_conditions_and_transforms() -> None:
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}
    rewrite = {"Type": "url-rewrite"}
    rule = listener_rule(
        {"RuleArn": RULE, "Priority": "7", "IsDefault": False, "Conditions": [path], "Transforms": [rewrite]}
    )
    assert (rule.arn, rule.priority) == (RULE, 7)
    assert rule.conditions == frozenset({Condition("path-pattern", frozenset({"/a"}))})
    assert rule.transforms == (rewrite,)


def test_the_order_of_transforms_means_nothing() -> None:
    """A rule has one of a type at most."""
    url, host = {"Type": "url-rewrite"}, {"Type": "host-header-rewrite"}
    one, other = (
        listener_rule({"RuleArn": RULE, "Priority": "1", "Transforms": some})
        for some in ([url, host], [host, url])
    )
    assert one == other
    assert len(one.transforms) == 2


def test_a_default_action_is_its_listeners_however_it_comes() -> None:
    """ModifyRule on the default rule's own ARN leads to OperationNotPermitted."""
    actions = [forward(group(STABLE, 1))]
    read_so = listener_rule({"RuleArn": RULE, "Priority": "default", "IsDefault": True, "Actions": actions})
    written_so = default_action({"ListenerArn": LISTENER, "DefaultActions": actions})
    assert (read_so.arn, read_so.priority) == (LISTENER, None)
    assert read_so == written_so
    assert read_so.default_rule == RULE


@pytest.mark.parametrize(
    ("before", "order"),
    [
        pytest.param((), 1, id="alone"),
        pytest.param((cognito() | {"Order": 1},), 2, id="behind an authentication"),
        pytest.param((jwt() | {"Order": 40},), 41, id="behind one of a large order"),
    ],
)
def test_a_header_rule_forwards_to_one_group_with_all_traffic(before: tuple[Action, ...], order: int) -> None:
    wanted = HeaderRule("beta", Arn(RULE), 9, frozenset(), before, Arn(CANARY), ())
    last = forward(group(CANARY, 1)) | {"Order": order}
    assert header_actions_to_send(wanted) == [*before, last]


# Whatever botocore's model allows


def of_shape(shape: Any) -> st.SearchStrategy[Any]:
    """Values of a shape of botocore's model, as far as its validator looks at them."""
    match shape.type_name:
        case "structure":
            members = {name: of_shape(member) for name, member in shape.members.items()}
            required = {name: member for name, member in members.items() if name in shape.required_members}
            optional = {name: member for name, member in members.items() if name not in required}
            return st.fixed_dictionaries(required, optional=optional)
        case "list":
            return st.lists(of_shape(shape.member), max_size=3)
        case "map":
            return st.dictionaries(of_shape(shape.key), of_shape(shape.value), max_size=2)
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(shape.metadata.get("min", 0), shape.metadata.get("max", 999))
        case _:
            return st.sampled_from(shape.enum) if shape.enum else st.text("abc", min_size=3, max_size=9)


SHAPE: Any = MODIFY_RULE.members["Actions"].member
CONFIGS = {
    "forward": "ForwardConfig",
    "authenticate-oidc": "AuthenticateOidcConfig",
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "jwt-validation": "JwtValidationConfig",
    "redirect": "RedirectConfig",
    "fixed-response": "FixedResponseConfig",
}


def actions_of(kind: str) -> st.SearchStrategy[Action]:
    config = of_shape(SHAPE.members[CONFIGS[kind]])
    if kind == "forward":
        weighted = st.fixed_dictionaries(
            {"TargetGroupArn": st.text("abc", min_size=1), "Weight": st.integers(0, 999)}
        )
        groups = st.lists(weighted, min_size=1, max_size=5, unique_by=lambda one: one["TargetGroupArn"])
        config = st.tuples(config, groups).map(lambda parts: parts[0] | {"TargetGroups": parts[1]})
    return st.fixed_dictionaries(
        {"Type": st.just(kind), CONFIGS[kind]: config}, optional={"Order": st.integers(1, 50000)}
    )


# What may change on the way: a secret never comes back, and what is empty is the same left out.
CHANGING = {"ClientSecret", "UseExistingClientSecret"}


def kept(value: Any) -> Any:
    match value:
        case dict():
            members = {key: kept(inner) for key, inner in value.items() if key not in CHANGING}
            return {
                key: inner
                for key, inner in members.items()
                if inner not in ({}, [], None) and (key, inner) != ("DurationSeconds", 0)
            }
        case list():
            return [kept(inner) for inner in value]
        case _:
            return value


def test_every_type_of_action_in_the_model_is_understood() -> None:
    assert set(SHAPE.members["Type"].enum) == set(CONFIGS)
    for kind in CONFIGS:
        assert read({"Type": kind}).unwritable == ()


@given(st.lists(st.sampled_from(sorted(CONFIGS)).flatmap(actions_of), min_size=1, max_size=3))
def test_whatever_is_described_goes_back_whole_and_valid(described: list[Action]) -> None:
    if sum(action["Type"] == "forward" for action in described) > 1:
        described = [action for action in described if action["Type"] != "forward"]
    sent = sent_back(*described)
    report = ParamValidator().validate({"RuleArn": RULE, "Actions": sent}, MODIFY_RULE)
    assert not report.has_errors(), report.generate_report()
    assert [kept(action) for action in sent] == [kept(action) for action in described]


@given(st.lists(st.integers(0, 999), min_size=2, max_size=5).filter(any))
def test_what_was_sent_is_read_as_the_same_shares(weights: list[int]) -> None:
    rule = read(forward(*(group(f"{OWNER}:targetgroup/g/{index}", one) for index, one in enumerate(weights))))
    again = read(*actions_to_send(rule))
    assert again.shares_like(rule)
    assert [Fraction(one.weight, sum(weights)) for one in again.forwards] == [
        Fraction(one, sum(weights)) for one in weights
    ]
