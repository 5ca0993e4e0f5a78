"""Rules that a controller in Kubernetes manages are not changed."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from elbv2_trafficrouter.arn import Arn, load_balancer_of
from support.router.petclinic import Petclinic
from support.router.refusals import Refusal, refusal, resource

Stub = pb_grpc.TrafficRouterStub
Code = grpc.StatusCode

ALICE = {"headerName": "X-User", "headerValue": {"exact": "alice"}}
CLUSTER = "elbv2.k8s.aws/cluster"
DESCRIBE_TAGS = "elasticloadbalancing:DescribeTags"


def rule(clinic: Petclinic) -> str:
    return clinic.rule


def listener(clinic: Petclinic) -> str:
    return clinic.listener


def load_balancer(clinic: Petclinic) -> str:
    return load_balancer_of(Arn(clinic.listener))


every_resource = pytest.mark.parametrize("managed", [rule, listener, load_balancer])


def tag(clinic: Petclinic, arn: str, key: str, value: str = "lab") -> None:
    clinic.client.add_tags(ResourceArns=[arn], Tags=[{"Key": key, "Value": value}])


def expected(controller: str, arn: str, key: str) -> Refusal:
    return Refusal(
        Code.FAILED_PRECONDITION,
        "MANAGED_BY_CONTROLLER",
        f"{controller} manages {resource(arn)} (tag {key}), and would revert the router's changes in the "
        "middle of a rollout. Name a rule on a load balancer that was made outside of Kubernetes, for "
        "example with Terraform, CloudFormation or the AWS CLI, and register the pods in its target groups "
        "with a TargetGroupBinding for each Service.",
    )


@every_resource
@pytest.mark.parametrize(
    ("key", "controller"),
    [
        (CLUSTER, "The AWS Load Balancer Controller"),
        ("ingress.eks.amazonaws.com/stack", "EKS Auto Mode"),
    ],
)
def test_a_managed_rule_is_refused(
    stub: Stub, clinic: Petclinic, managed: Callable[[Petclinic], str], key: str, controller: str
) -> None:
    tag(clinic, managed(clinic), key)
    before = clinic.rules()
    refused = expected(controller, managed(clinic), key)
    assert refusal(stub, clinic.set_weight(25)) == refused
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == refused
    assert refusal(stub, clinic.remove_managed_routes()) == refused  # it would attach the canary's group
    assert clinic.rules() == before
    assert clinic.writes() == []
    assert len(clinic.journal("DescribeTags")) == 1


@pytest.mark.parametrize("managed", [listener, load_balancer])
def test_a_managed_default_action_is_refused(
    stub: Stub, clinic: Petclinic, managed: Callable[[Petclinic], str]
) -> None:
    forward: Any = {"Type": "forward", "TargetGroupArn": clinic.stable}
    clinic.client.modify_listener(ListenerArn=clinic.listener, DefaultActions=[forward])
    tag(clinic, managed(clinic), CLUSTER)
    rollout = clinic.rollout(clinic.config(rules=[{"listenerArn": clinic.listener}]))
    assert refusal(stub, clinic.set_weight(25, rollout)) == expected(
        "The AWS Load Balancer Controller", managed(clinic), CLUSTER
    )
    assert clinic.writes() == []


def test_an_unmanaged_rule_is_changed_whatever_its_groups_tags_are(stub: Stub, clinic: Petclinic) -> None:
    """Its groups can come from an Ingress of the controller, and Auto Mode requires a tag on its groups."""
    tag(clinic, clinic.stable, CLUSTER)
    tag(clinic, clinic.stable, "ingress.k8s.aws/resource", "petclinic/was-was-stable:8080")
    for arn in (clinic.canary, clinic.rule, clinic.listener, load_balancer(clinic)):
        tag(clinic, arn, "eks:eks-cluster-name")
    for weight in (25, 50):
        stub.SetWeight(clinic.set_weight(weight))
    assert clinic.weights() == {"stable": 50, "canary": 50}
    (read,) = clinic.journal("DescribeTags")
    assert set(read["parameters"]["ResourceArns"]) == {
        clinic.rule,
        clinic.listener,
        load_balancer(clinic),
        clinic.stable,
        clinic.canary,
    }


def test_weights_that_need_no_change_are_not_refused(stub: Stub, clinic: Petclinic) -> None:
    clinic.put_weights(stable=75, canary=25)
    tag(clinic, clinic.rule, CLUSTER)
    (returned,) = stub.SetWeight(clinic.set_weight(25)).rules
    assert returned.changed is False
    verified = stub.VerifyWeight(clinic.verify_weight(25))
    assert verified.verification == pb.VERIFICATION_VERIFIED
    assert clinic.journal("DescribeTags") == []


def test_header_routes_can_be_removed_once_a_controller_manages_the_listener(
    stub: Stub, clinic: Petclinic
) -> None:
    stub.SetWeight(clinic.set_weight(25))
    (created,) = stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE)).rules
    tag(clinic, clinic.listener, CLUSTER)
    removed = stub.RemoveManagedRoutes(clinic.remove_managed_routes())
    assert list(removed.removed_rule_arns) == [created.rule_arn]


@pytest.mark.parametrize(
    ("fault", "code", "reason", "sentence"),
    [
        pytest.param(
            {"error": "AccessDenied"},
            Code.PERMISSION_DENIED,
            "NOT_ALLOWED",
            f"AWS denies {DESCRIBE_TAGS} on *. Allow this action on this resource in the sidecar's IAM role "
            "(see docs/permissions.md).",
            id="denied",
        ),
        pytest.param(
            {"error": "Throttling"},
            Code.RESOURCE_EXHAUSTED,
            "THROTTLED",
            f"AWS throttles {DESCRIBE_TAGS} in this account and region. This is retried automatically. If "
            "it persists, find out what else calls the ELBv2 API (CloudTrail), or ask AWS for a higher "
            "request rate.",
            id="throttled",
        ),
    ],
)
def test_nothing_is_written_while_the_tags_cannot_be_read(
    stub: Stub, clinic: Petclinic, fault: dict[str, Any], code: Code, reason: str, sentence: str
) -> None:
    clinic.fault("DescribeTags", **fault)
    refused = Refusal(code, reason, sentence)
    assert refusal(stub, clinic.set_weight(25)) == refused
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == refused
    assert clinic.writes() == []
    clinic.no_faults()
    stub.SetWeight(clinic.set_weight(25))
    assert clinic.weights() == {"stable": 75, "canary": 25}
