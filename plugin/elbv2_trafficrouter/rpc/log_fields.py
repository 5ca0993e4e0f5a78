"""The fields of a call's log line that describe its request and its response. Pure."""

from collections.abc import Iterable

from google.protobuf.message import Message

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors import escaped


def subject_fields(request: Message) -> dict[str, object]:
    """The Rollout that a request is about, and the weight that it requests."""
    match request:
        case pb.SetWeightRequest() | pb.VerifyWeightRequest() if request.HasField("desired_weight"):
            return _rollout_fields(request.rollout) | {"desired_weight": request.desired_weight}
        case (
            pb.SetWeightRequest()
            | pb.VerifyWeightRequest()
            | pb.UpdateHashRequest()
            | pb.SetHeaderRouteRequest()
            | pb.SetMirrorRouteRequest()
            | pb.RemoveManagedRoutesRequest()
        ):
            return _rollout_fields(request.rollout)
        case _:
            return {}


def result_fields(response: Message) -> dict[str, object]:
    """The rules that a call wrote or deleted, or why the weights are not verified; otherwise empty."""
    match response:
        case pb.SetWeightResponse():
            fields = {
                "written": _written_weights(response.rules),
                "header_routes": _written_routes(response.header_rules),
            }
        case pb.SetHeaderRouteResponse():
            fields = {"header_routes": _written_routes(response.rules)}
        case pb.RemoveManagedRoutesResponse():
            fields = {"removed": list(response.removed_rule_arns)}
        case pb.VerifyWeightResponse():
            fields = {"reason": response.reason}
        case _:
            fields = {}
    return {name: value for name, value in fields.items() if value}


def _rollout_fields(rollout: pb.Rollout) -> dict[str, object]:
    return {"namespace": escaped(rollout.metadata.namespace), "rollout": escaped(rollout.metadata.name)}


def _written_weights(rules: Iterable[pb.RuleWeights]) -> dict[str, dict[str, int]]:
    return {
        rule.rule_arn: {group.service or group.arn: group.weight for group in rule.target_groups}
        for rule in rules
        if rule.changed
    }


def _written_routes(rules: Iterable[pb.HeaderRule]) -> dict[str, str]:
    return {rule.rule_arn: rule.route for rule in rules if rule.changed}
