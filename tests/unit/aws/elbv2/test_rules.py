"""A listener's rules through a real client, from answers as AWS writes them."""

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.errors.aws import OutcomeUnknown, ResponseNotFromAws
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule
from support.aws.ports import ports_on
from support.aws.rule_answers import FORWARD, GROUP, LISTENER, OTHER_RULE, RULE, answer, answer_with, rule
from support.router.caller import Caller

MIRRORED = FORWARD.replace("</member>", "<MirrorConfig><Arn>x</Arn></MirrorConfig></member>")


@pytest.fixture
def clients(credentials: None) -> ClientsByRegion:  # noqa: ARG001  found in the environment
    return ClientsByRegion(connections=1)


def test_elements_unknown_to_botocore_make_their_rule_unwritable(clients: ClientsByRegion) -> None:
    answer_with(clients.of("eu-west-1"), answer(rule(MIRRORED), rule(FORWARD, OTHER_RULE)))
    rules = ports_on(clients).rules.read(frozenset({Arn(LISTENER)}), 0, Caller()).rules
    assert rules[Arn(RULE)].unwritable == ("Actions[0].MirrorConfig",)
    assert rules[Arn(OTHER_RULE)].unwritable == ()


def test_the_rules_of_every_page_are_read(clients: ClientsByRegion) -> None:
    pages = answer(rule(FORWARD), marker="more"), answer(rule(MIRRORED, OTHER_RULE))
    asked = answer_with(clients.of("eu-west-1"), *pages)
    rules = ports_on(clients).rules.read(frozenset({Arn(LISTENER)}), 0, Caller()).rules
    assert set(rules) == {RULE, OTHER_RULE}
    assert rules[Arn(OTHER_RULE)].unwritable == ("Actions[0].MirrorConfig",)
    assert ["Marker=more" in request for request in asked] == [False, True]


PAGE = b"<html><body>Please log in.</body></html>"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(PAGE, id="a proxy's page"),
        pytest.param(b"<DescribeRulesResponse/>", id="no result"),
        pytest.param(b'<?xml version="1.0" encoding="foo"?><a/>', id="an unknown encoding"),
        pytest.param(answer("<member><Actions/></member>"), id="a rule without an ARN"),
        pytest.param(answer(rule("<member><Order>1</Order></member>")), id="an action without a type"),
        pytest.param(
            answer(rule(FORWARD.replace("<Type>", "<Type>redirect</Type><Type>"))),
            id="an action of two types",
        ),
        pytest.param(
            answer(
                rule(
                    FORWARD.replace("<TargetGroupArn>", "<TargetGroupArn>x</TargetGroupArn><TargetGroupArn>")
                )
            ),
            id="a group with two ARNs",
        ),
        pytest.param(answer(rule(FORWARD, arn="7")), id="an ARN that is not one"),
        pytest.param(
            answer(rule(FORWARD.replace("<TargetGroupArn>", "<Order>x</Order><TargetGroupArn>"))),
            id="no number",
        ),
    ],
)
def test_a_response_that_did_not_come_from_aws_is_reported_as_such(
    clients: ClientsByRegion, body: bytes
) -> None:
    answer_with(clients.of("eu-west-1"), body)
    with pytest.raises(ResponseNotFromAws):
        ports_on(clients).rules.read(frozenset({Arn(LISTENER)}), 0, Caller())


def test_a_write_that_a_proxy_answers_may_have_been_done(clients: ClientsByRegion) -> None:
    answer_with(clients.of("eu-west-1"), PAGE)
    one = ListenerRule(Arn(RULE), (Forward(Arn(GROUP), 1),), ({"Type": "forward"},))
    with pytest.raises(OutcomeUnknown):
        ports_on(clients).rules.write(one, Caller())
