"""A listener's rules through a real client, from answers as AWS writes them."""

import pytest

from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.rules import Elbv2Rules
from elbv2_trafficrouter.routing.arn import Arn
from support.rule_answers import FORWARD, LISTENER, OTHER_RULE, RULE, answer, answer_with, rule

MIRRORED = FORWARD.replace("</member>", "<MirrorConfig><Arn>x</Arn></MirrorConfig></member>")


@pytest.fixture
def clients(credentials: None) -> ClientsByRegion:  # noqa: ARG001  found in the environment
    return ClientsByRegion(connections=1)


def test_elements_unknown_to_botocore_make_their_rule_not_understood(clients: ClientsByRegion) -> None:
    answer_with(clients.of("eu-west-1").reader, answer(rule(MIRRORED), rule(FORWARD, OTHER_RULE)))
    rules = Elbv2Rules(clients).read(frozenset({Arn(LISTENER)})).rules
    assert rules[Arn(RULE)].not_understood == ("Actions[0].MirrorConfig",)
    assert rules[Arn(OTHER_RULE)].not_understood == ()


def test_the_rules_of_every_page_are_read(clients: ClientsByRegion) -> None:
    pages = answer(rule(FORWARD), marker="more"), answer(rule(MIRRORED, OTHER_RULE))
    asked = answer_with(clients.of("eu-west-1").reader, *pages)
    rules = Elbv2Rules(clients).read(frozenset({Arn(LISTENER)})).rules
    assert set(rules) == {RULE, OTHER_RULE}
    assert rules[Arn(OTHER_RULE)].not_understood == ("Actions[0].MirrorConfig",)
    assert ["Marker=more" in request for request in asked] == [False, True]
