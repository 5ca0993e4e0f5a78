"""Results → responses. Pure."""

from collections.abc import Iterable

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.routing.model import RuleOutcome, Verification


def set_weight_response(outcomes: Iterable[RuleOutcome]) -> pb.SetWeightResponse:
    return pb.SetWeightResponse(rules=map(_rule_weights, outcomes))


def verify_weight_response(verification: Verification) -> pb.VerifyWeightResponse:
    verified = verification.trouble is None
    return pb.VerifyWeightResponse(
        verification=pb.VERIFICATION_VERIFIED if verified else pb.VERIFICATION_NOT_VERIFIED,
        reason="" if verification.trouble is None else verification.trouble.sentence,
        rules=map(_rule_weights, verification.rules),
    )


def _rule_weights(outcome: RuleOutcome) -> pb.RuleWeights:
    services = {group: service for service, group in outcome.route.groups.items()}
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
