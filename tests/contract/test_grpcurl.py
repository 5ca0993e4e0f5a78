"""The real grpcurl, as people use it at a terminal."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.router.petclinic import Petclinic
from support.router.sidecar import Sidecar

GRPCURL = Path(__file__).parents[2] / "build" / "grpcurl"
SERVICE = "trafficrouter.v1.TrafficRouter"

Grpcurl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=["unix", "tcp"])
def grpcurl(router: Sidecar, request: pytest.FixtureRequest) -> Grpcurl:
    """Runs grpcurl with flags before the address and words after it; `request` goes to its standard input."""
    address = {"unix": ["-unix", router.unix.removeprefix("unix:")], "tcp": [router.tcp]}[request.param]

    def run(
        *words: str, flags: tuple[str, ...] = (), body: object = None
    ) -> "subprocess.CompletedProcess[str]":
        data = () if body is None else ("-d", "@")
        return subprocess.run(
            [GRPCURL, "-plaintext", *flags, *data, *address, *words],
            input=json.dumps(body),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_grpcurl_finds_every_method_by_reflection(grpcurl: Grpcurl) -> None:
    assert grpcurl("list").stdout.split() == [
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        SERVICE,
    ]
    described = grpcurl("describe", SERVICE).stdout
    for method in (
        "InitPlugin",
        "UpdateHash",
        "SetWeight",
        "SetHeaderRoute",
        "SetMirrorRoute",
        "VerifyWeight",
        "RemoveManagedRoutes",
        "Type",
    ):
        assert f"rpc {method} (" in described


def test_grpcurl_reads_health(grpcurl: Grpcurl) -> None:
    assert json.loads(grpcurl("grpc.health.v1.Health/Check").stdout) == {"status": "SERVING"}


def test_a_rollout_in_the_crds_own_json_sets_and_verifies_its_weight(
    grpcurl: Grpcurl, clinic: Petclinic
) -> None:
    body = {"rollout": clinic.rollout(), "desiredWeight": 25}
    done = grpcurl(f"{SERVICE}/SetWeight", flags=("-allow-unknown-fields",), body=body)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "rules": [
            {
                "ruleArn": clinic.rule,
                "changed": True,
                "targetGroups": [
                    {"arn": clinic.stable, "service": "was-stable", "weight": 75},
                    {"arn": clinic.canary, "service": "was-canary", "weight": 25},
                ],
            }
        ]
    }
    assert clinic.weights() == {"stable": 75, "canary": 25}
    verified = grpcurl(f"{SERVICE}/VerifyWeight", flags=("-allow-unknown-fields",), body=body)
    assert json.loads(verified.stdout)["verification"] == "VERIFICATION_VERIFIED"


def test_an_error_has_a_code_a_sentence_and_details(grpcurl: Grpcurl, clinic: Petclinic) -> None:
    body = {"rollout": clinic.rollout(clinic.config(rulez=[])), "desiredWeight": 25}
    failed = grpcurl(f"{SERVICE}/SetWeight", flags=("-allow-unknown-fields",), body=body)
    assert failed.returncode != 0
    assert "Code: InvalidArgument" in failed.stderr
    assert "plugins['trafficrouter/elbv2'].rulez (did you mean rules?)" in failed.stderr
    assert '"reason": "UNKNOWN_KEYS"' in failed.stderr
