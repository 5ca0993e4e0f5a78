"""Bad input, and an AWS that refuses, fails or is unreachable: a clear error, and no write."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.aws.proxy import proxy_to
from support.router.petclinic import Petclinic
from support.router.sidecar import CREDENTIALS, environment, sidecar

Stub = pb_grpc.TrafficRouterStub
Code = grpc.StatusCode
Request = Callable[[Petclinic], pb.SetWeightRequest]

ABSENT_RULE = "listener-rule/app/petclinic/0123456789abcdef/0123456789abcdef/0123456789abcdef"
ABSENT_GROUP = "targetgroup/was-canary/0123456789abcdef"


def configured(**config: Any) -> Request:
    return lambda clinic: clinic.set_weight(10, clinic.rollout(clinic.config(**config)))


def absent_rule_of_the_listener(clinic: Petclinic) -> pb.SetWeightRequest:
    arn = clinic.rule.rpartition("/")[0] + "/0123456789abcdef"
    return clinic.set_weight(10, clinic.rollout(clinic.config(rules=[{"arn": arn}])))


def absent_listener(clinic: Petclinic) -> pb.SetWeightRequest:
    arn = clinic.rule.rpartition(":")[0] + ":" + ABSENT_RULE
    return clinic.set_weight(10, clinic.rollout(clinic.config(rules=[{"arn": arn}])))


def absent_canary_group(clinic: Petclinic) -> pb.SetWeightRequest:
    config = clinic.config()
    config["targetGroups"]["was-canary"] = clinic.stable.rpartition(":")[0] + ":" + ABSENT_GROUP
    return clinic.set_weight(10, clinic.rollout(config))


def stable_elsewhere(clinic: Petclinic) -> pb.SetWeightRequest:
    config = clinic.config()
    config["targetGroups"]["was-stable"] = clinic.web
    return clinic.set_weight(10, clinic.rollout(config))


def unnamed_experiment(clinic: Petclinic) -> pb.SetWeightRequest:
    request = clinic.set_weight(10)
    request.additional_destinations.add(weight=5)
    return request


@pytest.mark.parametrize(
    ("request_of", "code", "says"),
    [
        pytest.param(
            configured(rules=[{"arn": "arn:aws:elasticloadbalancing:nowhere"}]),
            Code.INVALID_ARGUMENT,
            "plugins['trafficrouter/elbv2'].rules[0].arn is 'arn:aws:elasticloadbalancing:nowhere'",
            id="malformed ARN",
        ),
        pytest.param(
            configured(targetGroups={}),
            Code.INVALID_ARGUMENT,
            "plugins['trafficrouter/elbv2'].targetGroups has no target group for the Service 'was-stable'",
            id="unmapped service",
        ),
        pytest.param(
            configured(targetGroup={}, rule=1),
            Code.INVALID_ARGUMENT,
            "plugins['trafficrouter/elbv2'].rule (did you mean rules?), "
            "plugins['trafficrouter/elbv2'].targetGroup (did you mean targetGroups?)",
            id="unknown keys",
        ),
        pytest.param(
            lambda clinic: clinic.set_weight(-1),
            Code.INVALID_ARGUMENT,
            "desired_weight is -1. It must be from 0 to 100.",
            id="weight below 0",
        ),
        pytest.param(
            lambda clinic: clinic.set_weight(101),
            Code.INVALID_ARGUMENT,
            "desired_weight is 101. It must be from 0 to 100.",
            id="weight above the maximum",
        ),
        pytest.param(
            lambda clinic: clinic.set_weight(None),
            Code.INVALID_ARGUMENT,
            "desired_weight is missing. Set it, even if it is 0.",
            id="no weight",
        ),
        pytest.param(
            unnamed_experiment,
            Code.INVALID_ARGUMENT,
            "additional_destinations[0].service_name is empty",
            id="experiment without a service",
        ),
        pytest.param(
            absent_rule_of_the_listener,
            Code.NOT_FOUND,
            "its listener exists but has no such rule",
            id="absent rule",
        ),
        pytest.param(
            absent_listener, Code.NOT_FOUND, "There is no listener/app/petclinic/", id="no listener"
        ),
        pytest.param(absent_canary_group, Code.NOT_FOUND, ABSENT_GROUP, id="absent target group"),
        pytest.param(
            stable_elsewhere,
            Code.NOT_FOUND,
            "does not forward to targetgroup/web/",
            id="no forward to stable",
        ),
    ],
)
def test_the_error_for_a_wrong_rollout_says_what_is_wrong_and_nothing_is_written(
    stub: Stub, clinic: Petclinic, request_of: Request, code: Code, says: str
) -> None:
    error = failure(stub, request_of(clinic))
    assert error.code() == code
    assert says in error.details()
    assert clinic.writes() == []


ACCESS_DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/router/1732 is not authorized to perform: "
    "elasticloadbalancing:ModifyRule on resource: arn because no identity-based policy allows it"
)


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        pytest.param(
            {"action": "ModifyRule", "error": "AccessDenied", "message": ACCESS_DENIED},
            Code.PERMISSION_DENIED,
            "AWS denies elasticloadbalancing:ModifyRule on listener-rule/app/petclinic/",
            id="role may not write",
        ),
        pytest.param(
            {"action": "DescribeRules", "error": "AccessDenied"},
            Code.PERMISSION_DENIED,
            "AWS denies elasticloadbalancing:DescribeRules on *. Allow this action",
            id="role may not read",
        ),
        pytest.param(
            {"action": "ModifyRule", "error": "Throttling"},
            Code.RESOURCE_EXHAUSTED,
            "AWS throttles elasticloadbalancing:ModifyRule",
            id="throttled",
        ),
        pytest.param(
            {"action": "*", "error": "ExpiredToken"},
            Code.UNAUTHENTICATED,
            "AWS does not accept the sidecar's credentials",
            id="expired token",
        ),
        pytest.param(
            {"action": "DescribeRules", "error": "ServiceUnavailable"},
            Code.UNAVAILABLE,
            "AWS returned ServiceUnavailable for elasticloadbalancing:DescribeRules",
            id="AWS fails at the read",
        ),
        pytest.param(
            {"action": "ModifyRule", "error": "InternalFailure"},
            Code.UNAVAILABLE,
            "may or may not have taken effect",
            id="AWS fails at the write",
        ),
        pytest.param(
            {"action": "ModifyRule", "error": "OperationNotPermitted", "message": "It is 100% locked."},
            Code.FAILED_PRECONDITION,
            "with OperationNotPermitted: It is 100\\x25 locked. Correct",
            id="refused for the state it is in",
        ),
    ],
)
def test_each_refusal_and_failure_of_aws_has_its_own_error(
    stub: Stub, clinic: Petclinic, fault: dict[str, Any], code: Code, says: str
) -> None:
    clinic.fault(**fault)
    error = failure(stub, clinic.set_weight(10))
    assert error.code() == code
    assert says in error.details()
    assert "%" not in error.details()
    assert clinic.writes() == []
    verified = stub.VerifyWeight(clinic.verify_weight(10))
    assert verified.verification == pb.VERIFICATION_NOT_VERIFIED
    if fault["action"] == "ModifyRule":  # a verification does not write
        assert "was-stable has 1, expected 90; was-canary is absent, expected 10" in verified.reason
    else:
        assert verified.reason == error.details()


def test_a_rule_with_elements_unknown_to_botocore_is_not_written(clinic: Petclinic, volumes: Path) -> None:
    """ModifyRule replaces the actions wholesale: what the parser dropped would be erased."""

    def with_mirror(answer: bytes) -> bytes:
        return answer.replace(
            b"<Type>forward</Type>", b"<Type>forward</Type><MirrorConfig><Arn>x</Arn></MirrorConfig>"
        )

    with (
        proxy_to(clinic.url, change=with_mirror) as aws,
        sidecar(volumes, environment(aws, **CREDENTIALS)) as router,
        router.stub() as stub,
    ):
        error = failure(stub, clinic.set_weight(10))
        verified = stub.VerifyWeight(clinic.verify_weight(10))
    assert error.code() == Code.FAILED_PRECONDITION
    assert "Actions[0].MirrorConfig" in error.details()
    assert (verified.verification, verified.reason) == (pb.VERIFICATION_NOT_VERIFIED, error.details())
    assert clinic.journal("DescribeRules")
    assert clinic.journal("ModifyRule") == []


def test_the_details_name_the_whole_arn_for_programs(stub: Stub, clinic: Petclinic) -> None:
    clinic.fault("ModifyRule", error="AccessDenied", message=ACCESS_DENIED)
    status = rpc_status.from_call(failure(stub, clinic.set_weight(10)))
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.domain, info.reason) == ("elbv2-trafficrouter", "NOT_ALLOWED")
    assert info.metadata["arn"] == clinic.rule
    assert info.metadata["aws_message"] == ACCESS_DENIED


def test_the_same_trouble_has_the_same_sentence(stub: Stub, clinic: Petclinic) -> None:
    """One event instead of many."""
    clinic.fault("ModifyRule", error="InternalFailure")
    sentences = {failure(stub, clinic.set_weight(10)).details() for _ in range(3)}
    assert len(sentences) == 1


def test_an_unreachable_aws_is_unavailable_and_not_verified(clinic: Petclinic, volumes: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with sidecar(volumes, environment(nobody, **CREDENTIALS)) as router, router.stub() as stub:
            error = failure(stub, clinic.set_weight(10))
            verified = stub.VerifyWeight(clinic.verify_weight(10))
    assert error.code() == Code.UNAVAILABLE
    assert (
        f"The sidecar can't reach AWS at {nobody}/ for elasticloadbalancing:DescribeRules" in error.details()
    )
    assert (verified.verification, verified.reason) == (pb.VERIFICATION_NOT_VERIFIED, error.details())


def test_credentials_that_are_missing_at_first_are_found_later(
    clinic: Petclinic, volumes: Path, tmp_path: Path
) -> None:
    """A pod may get its credentials after its start."""
    file = tmp_path / "credentials"
    variables = environment(clinic.url, AWS_SHARED_CREDENTIALS_FILE=str(file), HOME=str(tmp_path))
    with sidecar(volumes, variables) as router, router.stub() as stub:
        error = failure(stub, clinic.set_weight(10))
        verified = stub.VerifyWeight(clinic.verify_weight(10))
        assert error.code() == Code.UNAUTHENTICATED
        assert error.details().startswith("The sidecar found no AWS credentials. Give its pod an IAM role")
        assert (verified.verification, verified.reason) == (pb.VERIFICATION_NOT_VERIFIED, error.details())
        assert clinic.writes() == []
        lines = ["[default]", *(f"{name.lower()} = {value}" for name, value in CREDENTIALS.items())]
        file.write_text("\n".join(lines))
        stub.SetWeight(clinic.set_weight(10))
    assert clinic.weights() == {"stable": 90, "canary": 10}


def test_a_missing_profile_fails_the_call_and_not_the_start(clinic: Petclinic, volumes: Path) -> None:
    variables = environment(clinic.url, AWS_PROFILE="absent")
    with sidecar(volumes, variables) as router, router.stub() as stub:
        assert failure(stub, clinic.set_weight(10)).code() == Code.UNAUTHENTICATED


def test_a_mirror_route_fails_its_step(stub: Stub, clinic: Petclinic) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.SetMirrorRoute(mirror_route(clinic, {"method": {"exact": "GET"}}))
    assert caught.value.code() == Code.UNIMPLEMENTED
    assert caught.value.details() == (
        "Application Load Balancers can't mirror requests, so mirror routes are not supported. "
        "Remove the setMirrorRoute steps from the Rollout, and use setWeight steps with a small weight."
    )
    assert clinic.journal() == []


def test_an_abort_does_not_fail_because_of_a_mirror_route(stub: Stub, clinic: Petclinic) -> None:
    """Argo Rollouts also sets the routes of the steps when it aborts."""
    rollout = clinic.rollout()
    rollout["status"]["abort"] = True
    request = mirror_route(clinic, {"method": {"exact": "GET"}})
    request.rollout.CopyFrom(clinic.set_weight(0, rollout).rollout)
    assert stub.SetMirrorRoute(request) == pb.SetMirrorRouteResponse()


def test_a_mirror_route_that_never_was_is_removed(stub: Stub, clinic: Petclinic) -> None:
    assert stub.SetMirrorRoute(mirror_route(clinic)) == pb.SetMirrorRouteResponse()
    assert clinic.journal() == []


def mirror_route(clinic: Petclinic, *match: dict[str, Any]) -> pb.SetMirrorRouteRequest:
    route = {"name": "mirror", "match": list(match)}
    request = pb.SetMirrorRouteRequest(rollout=clinic.set_weight(0).rollout)
    json_format.ParseDict(route, request.set_mirror_route)
    return request


def failure(stub: Stub, request: pb.SetWeightRequest) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        stub.SetWeight(request)
    return caught.value
