"""What botocore's parser drops, seen in real answers through a real client."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

from elbv2_trafficrouter.aws.elbv2.raw_answer import UNMODELLED, keep_unmodelled_elements, unmodelled_elements
from support.aws.rule_answers import (
    FORWARD,
    GROUP,
    LISTENER,
    OTHER_RULE,
    RULE,
    answer,
    answer_with,
    forward,
    group,
    rule,
)

DESCRIBE_RULES = botocore.session.get_session().get_service_model("elbv2").operation_model("DescribeRules")

Client = Callable[..., ElasticLoadBalancingv2Client]


@pytest.fixture
def client() -> Iterator[Client]:
    """A real client for which each request is answered by the next of the bodies, and the last for ever."""
    made = []

    def make(*bodies: bytes, status: int = 200) -> ElasticLoadBalancingv2Client:
        one = boto3.client(
            "elbv2",
            region_name="eu-west-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not-a-secret",  # noqa: S106  nothing is sent
            config=Config(retries={"total_max_attempts": 1}),
        )
        made.append(one)
        answer_with(one, *bodies, status=status)
        events: Any = one.meta.events
        events.register("before-parse.elastic-load-balancing-v2.DescribeRules", keep_unmodelled_elements)
        return one

    yield make
    for one in made:
        one.close()


def found(client: Client, *bodies: bytes) -> Any:
    described: Any = client(*bodies).describe_rules(ListenerArn=LISTENER)
    return described[UNMODELLED]


@pytest.mark.parametrize(
    ("actions", "places"),
    [
        pytest.param(
            f"{FORWARD}<member><Type>mirror</Type><MirrorConfig><Percent>5</Percent></MirrorConfig></member>",
            ("Actions[1].MirrorConfig",),
            id="in an action",
        ),
        pytest.param(
            f"<member><Type>forward</Type><Sampling>5</Sampling><TargetGroupArn>{GROUP}</TargetGroupArn></member>",
            ("Actions[0].Sampling",),
            id="a bare text in an action",
        ),
        pytest.param(
            forward(group(), "<FailoverConfig><Enabled>true</Enabled></FailoverConfig>"),
            ("Actions[0].ForwardConfig.FailoverConfig",),
            id="in ForwardConfig",
        ),
        pytest.param(
            forward(group() + group("<Zone>eu-west-1a</Zone>")),
            ("Actions[0].ForwardConfig.TargetGroups[1].Zone",),
            id="in a list",
        ),
        pytest.param(
            forward(
                group(),
                "<TargetGroupStickinessConfig><Enabled>true</Enabled><Renewed>no</Renewed>"
                "</TargetGroupStickinessConfig>",
            ),
            ("Actions[0].ForwardConfig.TargetGroupStickinessConfig.Renewed",),
            id="in stickiness",
        ),
        pytest.param(
            forward(group("<A>1</A>"), "<B>2</B>"),
            ("Actions[0].ForwardConfig.TargetGroups[0].A", "Actions[0].ForwardConfig.B"),
            id="several",
        ),
        pytest.param(
            "<member><Type><Name>forward</Name></Type></member>",
            ("Actions[0].Type",),
            id="a structure where the model has a text",
        ),
    ],
)
def test_an_unmodelled_element_is_kept_by_its_place(
    client: Client, actions: str, places: tuple[str, ...]
) -> None:
    assert found(client, answer(rule(actions))) == {RULE: places}


JA4 = "<Field>ja4</Field><Ja4Config><Values><member>x</member></Values></Ja4Config>"
REWRITE = "<Type>url-rewrite</Type><UrlRewriteConfig><Limit>1</Limit></UrlRewriteConfig>"


@pytest.mark.parametrize(
    ("beside", "places"),
    [
        pytest.param(
            f"<Conditions><member>{JA4}</member></Conditions>", ("Conditions[0].Ja4Config",), id="a condition"
        ),
        pytest.param(
            f"<Transforms><member>{REWRITE}</member></Transforms>",
            ("Transforms[0].UrlRewriteConfig.Limit",),
            id="in a transform",
        ),
        pytest.param("<Owner>petclinic</Owner>", ("Owner",), id="of the rule itself"),
    ],
)
def test_what_another_rule_could_not_be_given_is_kept_by_its_place(
    client: Client, beside: str, places: tuple[str, ...]
) -> None:
    """A write of weights leaves it alone; a header route's rule would lack it."""
    assert found(client, answer(rule(FORWARD, beside=beside))) == {RULE: places}


@pytest.mark.parametrize(
    "described",
    [
        pytest.param(rule(FORWARD), id="nothing unmodelled"),
        pytest.param(rule(forward(group(), "<FailoverConfig/>")), id="an empty element"),
        pytest.param(rule(forward(group(), "<A>\n  <B/>\n</A>")), id="an element of empty elements"),
        pytest.param(
            rule(
                "<member><Type>authenticate-oidc</Type><AuthenticateOidcConfig><Issuer>https://id.example.com</Issuer>"
                "<AuthenticationRequestExtraParams><entry><key>prompt</key><value>login</value></entry>"
                "</AuthenticationRequestExtraParams></AuthenticateOidcConfig></member>"
            ),
            id="a map's entries",
        ),
        pytest.param(
            f"<member><RuleArn>{RULE}</RuleArn><Priority>1</Priority></member>", id="a rule without actions"
        ),
        pytest.param("", id="no rule"),
    ],
)
def test_what_carries_nothing_that_a_write_could_erase(client: Client, described: str) -> None:
    assert found(client, answer(described)) == {}


def test_each_rule_has_its_own(client: Client) -> None:
    strange = rule(forward(group("<Zone>a</Zone>")), OTHER_RULE)
    assert found(client, answer(rule(FORWARD), strange)) == {
        OTHER_RULE: ("Actions[0].ForwardConfig.TargetGroups[0].Zone",)
    }


def test_each_page_has_its_own(client: Client) -> None:
    first = answer(rule(forward(group(), "<A>1</A>")), marker="more")
    second = answer(rule(forward(group(), "<B>1</B>"), OTHER_RULE))
    pages: Any = client(first, second).get_paginator("describe_rules").paginate(ListenerArn=LISTENER)
    assert [page[UNMODELLED] for page in pages] == [
        {RULE: ("Actions[0].ForwardConfig.A",)},
        {OTHER_RULE: ("Actions[0].ForwardConfig.B",)},
    ]


def test_the_parsed_answer_is_as_without_the_look(client: Client) -> None:
    described = client(answer(rule(forward(group())))).describe_rules(ListenerArn=LISTENER)
    assert described["Rules"] == [
        {
            "RuleArn": RULE,
            "Priority": "1",
            "IsDefault": False,
            "Actions": [
                {
                    "Type": "forward",
                    "Order": 1,
                    "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": GROUP, "Weight": 1}]},
                }
            ],
        }
    ]


def test_a_refusal_is_botocores_own_error(client: Client) -> None:
    body = (
        b'<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error>'
        b"<Type>Sender</Type><Code>ListenerNotFound</Code><Message>gone</Message></Error></ErrorResponse>"
    )
    with pytest.raises(ClientError, match="ListenerNotFound"):
        client(body, status=400).describe_rules(ListenerArn=LISTENER)


@pytest.mark.parametrize("body", [b"", b"<html><br>Log in", b"\xff\xfe\x00"], ids=repr)
def test_what_is_no_xml_is_botocores_own_error(client: Client, body: bytes) -> None:
    with pytest.raises(ResponseParserError):
        client(body).describe_rules(ListenerArn=LISTENER)


def test_an_entity_bomb_is_refused() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 7))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "{"x" * 100}">{entities}]>' + answer(rule("&e6;")).decode()
    with pytest.raises(SyntaxError, match="amplification"):
        unmodelled_elements(bomb.encode(), DESCRIBE_RULES)
