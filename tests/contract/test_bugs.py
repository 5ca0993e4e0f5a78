"""What becomes of an exception of the router's own code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from support.router.petclinic import Petclinic
from support.router.sidecar import Sidecar, environment, sidecar

SENTENCE = "{} failed because of a bug in the router. Report it with the traceback from the router's log."

# A bug in what routing does, and one in what reads the request.
BUGGY = {
    "routing": """
from elbv2_trafficrouter.routing.router import Router

def divide(*_):
    return 1 / 0

Router.set_weight = Router.verify_weight = divide
""",
    "reading": """
from elbv2_trafficrouter.rollout import request

def divide(*_):
    return 1 / 0

request._services = divide
""",
}


@pytest.fixture(params=sorted(BUGGY))
def buggy(request: pytest.FixtureRequest, volumes: Path, tmp_path: Path) -> Iterator[Sidecar]:
    (tmp_path / "sitecustomize.py").write_text(BUGGY[request.param])
    with sidecar(volumes, environment("http://127.0.0.1:9", PYTHONPATH=str(tmp_path))) as running:
        yield running


def defects(router: Sidecar) -> list[Any]:
    """The exceptions that were logged, with the name of the function that raised them."""
    router.end()
    return [
        (entry["method"], exception["exc_type"], exception["frames"][-1]["name"])
        for entry in router.log
        if entry["event"] == "unexpected exception"
        for exception in entry["exception"]
    ]


def test_a_weight_is_not_verified(buggy: Sidecar, clinic: Petclinic) -> None:
    """Argo Rollouts would proceed after an error."""
    with buggy.stub() as stub:
        answer = stub.VerifyWeight(clinic.verify_weight(10), timeout=10)
    assert answer.verification == pb.VERIFICATION_NOT_VERIFIED
    assert answer.reason == SENTENCE.format("VerifyWeight")
    assert defects(buggy) == [("VerifyWeight", "ZeroDivisionError", "divide")]


def test_another_call_is_an_internal_error(buggy: Sidecar, clinic: Petclinic) -> None:
    with buggy.stub() as stub, pytest.raises(grpc.RpcError) as caught:
        stub.SetWeight(clinic.set_weight(10), timeout=10)
    assert (caught.value.code(), caught.value.details()) == (
        grpc.StatusCode.INTERNAL,
        SENTENCE.format("SetWeight"),
    )
    assert defects(buggy) == [("SetWeight", "ZeroDivisionError", "divide")]
