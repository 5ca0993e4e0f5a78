"""A Rollout that names a rule in a region that the operator does not allow: no request is sent."""

from pathlib import Path

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from support.router.petclinic import Petclinic
from support.router.refusals import Refusal, refusal, resource
from support.router.sidecar import CREDENTIALS, environment, sidecar

ALICE = {"headerName": "X-User", "headerValue": {"exact": "alice"}}


@pytest.mark.parametrize(
    ("flags", "variables"),
    [
        pytest.param(("--regions", "eu-central-1"), {}, id="by the flag"),
        pytest.param((), {"ELBV2_TRAFFICROUTER_REGIONS": "eu-central-1"}, id="by the variable"),
        pytest.param((), {"AWS_REGION": "eu-central-1"}, id="by the sidecar's own configuration"),
    ],
)
def test_a_rule_in_another_region_is_refused(
    clinic: Petclinic, volumes: Path, flags: tuple[str, ...], variables: dict[str, str]
) -> None:
    expected = Refusal(
        grpc.StatusCode.PERMISSION_DENIED,
        "REGION_NOT_ALLOWED",
        f"{resource(clinic.listener)} is in eu-west-1 (account 123456789012), but this sidecar sends "
        "requests only to eu-central-1 (partition aws). Name a rule there, or add the region to the "
        "sidecar's --regions (ELBV2_TRAFFICROUTER_REGIONS).",
    )
    settings = environment(clinic.url, **CREDENTIALS, **variables)
    with sidecar(volumes, settings, *flags) as router, router.stub() as stub:
        assert refusal(stub, clinic.set_weight(10)) == expected
        assert refusal(stub, clinic.set_header_route("beta", ALICE)) == expected
        assert refusal(stub, clinic.remove_managed_routes()) == expected
        verified = stub.VerifyWeight(clinic.verify_weight(10))
    assert (verified.verification, verified.reason) == (pb.VERIFICATION_NOT_VERIFIED, expected.sentence)
    assert clinic.journal() == []


def test_a_rule_in_a_region_of_the_list_is_written(clinic: Petclinic, volumes: Path) -> None:
    settings = environment(clinic.url, **CREDENTIALS, AWS_REGION="eu-central-1")
    flags = ("--regions", "eu-central-1,eu-west-1")
    with sidecar(volumes, settings, *flags) as router, router.stub() as stub:
        assert stub.SetWeight(clinic.set_weight(10)).rules[0].changed
