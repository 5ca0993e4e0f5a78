"""Turns the router's results into response messages. Pure."""

from collections.abc import Iterable

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome, Outcome, RuleOutcome, Verification


def set_weight_response(outcome: Outcome) -> pb.SetWeightResponse:
    return pb.SetWeightResponse(
        rules=map(_rule_weights, outcome.rules), header_rules=map(_header_rule, outcome.header_rules)
    )


def set_header_route_response(outcomes: Iterable[HeaderRuleOutcome]) -> pb.SetHeaderRouteResponse:
    return pb.SetHeaderRouteResponse(rules=map(_header_rule, outcomes))


def remove_managed_routes_response(removed: Iterable[Arn]) -> pb.RemoveManagedRoutesResponse:
    return pb.RemoveManagedRoutesResponse(removed_rule_arns=removed)


def verify_weight_response(verification: Verification) -> pb.VerifyWeightResponse:
    verified = verification.trouble is None
    return pb.VerifyWeightResponse(
        verification=pb.VERIFICATION_VERIFIED if verified else pb.VERIFICATION_NOT_VERIFIED,
        reason="" if verification.trouble is None else verification.trouble.sentence,
        rules=map(_rule_weights, verification.rules),
    )


def _header_rule(outcome: HeaderRuleOutcome) -> pb.HeaderRule:
    rule = outcome.rule
    return pb.HeaderRule(
        rule_arn=rule.arn, changed=outcome.changed, priority=rule.priority, route=outcome.route
    )


def _rule_weights(outcome: RuleOutcome) -> pb.RuleWeights:
    services = {group: service for service, group in outcome.steered.groups.items()}
    return pb.RuleWeights(
        rule_arn=outcome.rule.arn,
        changed=outcome.changed,
        target_groups=(
            pb.TargetGroupWeight(
                arn=forward.group, service=services.get(forward.group, ""), weight=forward.weight
            )
            for forward in outcome.rule.forwards
        ),
    )
