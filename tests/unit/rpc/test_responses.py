"""The router's results → response messages."""

import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.rules import SharesDiffer
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome, Outcome, RuleOutcome, Verification
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule, SteeredRule
from elbv2_trafficrouter.rpc.responses import (
    remove_managed_routes_response,
    set_header_route_response,
    set_weight_response,
    verify_weight_response,
)

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = Arn(f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee")
STABLE = Arn(f"{OWNER}:targetgroup/was-stable/73e2d6bc24d8a067")
CANARY = Arn(f"{OWNER}:targetgroup/was-canary/943f017f100becff")
FOREIGN = Arn(f"{OWNER}:targetgroup/shop/0a1b2c3d4e5f6071")
ROUTE = SteeredRule(RULE, {"was-stable": STABLE, "was-canary": CANARY})


def outcome(*weights: tuple[Arn, int], changed: bool) -> RuleOutcome:
    forwards = tuple(Forward(group, weight) for group, weight in weights)
    return RuleOutcome(ListenerRule(RULE, forwards, ()), ROUTE, changed)


def rule_weights(*weights: tuple[Arn, str, int], changed: bool) -> pb.RuleWeights:
    groups = [
        pb.TargetGroupWeight(arn=arn, service=service, weight=weight) for arn, service, weight in weights
    ]
    return pb.RuleWeights(rule_arn=RULE, changed=changed, target_groups=groups)


@pytest.mark.parametrize("changed", [True, False])
def test_a_rule_is_returned_with_the_weights_and_services_of_its_target_groups(changed: bool) -> None:
    response = set_weight_response(Outcome((outcome((STABLE, 90), (CANARY, 10), changed=changed),)))
    expected = rule_weights((STABLE, "was-stable", 90), (CANARY, "was-canary", 10), changed=changed)
    assert response == pb.SetWeightResponse(rules=[expected])


def test_a_foreign_target_group_is_returned_without_a_service() -> None:
    response = set_weight_response(Outcome((outcome((FOREIGN, 50), (STABLE, 50), changed=True),)))
    expected = rule_weights((FOREIGN, "", 50), (STABLE, "was-stable", 50), changed=True)
    assert response == pb.SetWeightResponse(rules=[expected])


def test_weights_without_trouble_are_verified() -> None:
    response = verify_weight_response(Verification(None, (outcome((STABLE, 1), changed=False),)))
    assert response == pb.VerifyWeightResponse(
        verification=pb.VERIFICATION_VERIFIED, rules=[rule_weights((STABLE, "was-stable", 1), changed=False)]
    )


def test_weights_with_trouble_are_not_verified_and_the_reason_is_its_sentence() -> None:
    trouble = SharesDiffer(RULE, [("was-canary", 10, 25)])
    response = verify_weight_response(Verification(trouble, (outcome((STABLE, 1), changed=False),)))
    assert response == pb.VerifyWeightResponse(
        verification=pb.VERIFICATION_NOT_VERIFIED,
        reason=trouble.sentence,
        rules=[rule_weights((STABLE, "was-stable", 1), changed=False)],
    )


def test_a_rule_that_could_not_be_read_is_not_returned() -> None:
    response = verify_weight_response(Verification(SharesDiffer(RULE, [])))
    assert response.verification == pb.VERIFICATION_NOT_VERIFIED
    assert list(response.rules) == []


@pytest.mark.parametrize("changed", [True, False])
def test_a_header_rule_is_returned_with_its_route_and_priority(changed: bool) -> None:
    made = HeaderRuleOutcome("beta", ListenerRule(RULE, (), (), priority=9), changed)
    expected = pb.HeaderRule(rule_arn=RULE, route="beta", priority=9, changed=changed)
    assert set_header_route_response([made]) == pb.SetHeaderRouteResponse(rules=[expected])
    assert set_weight_response(Outcome((), (made,))) == pb.SetWeightResponse(header_rules=[expected])


def test_removed_rules_are_returned_by_their_arns() -> None:
    assert remove_managed_routes_response([RULE]) == pb.RemoveManagedRoutesResponse(removed_rule_arns=[RULE])
