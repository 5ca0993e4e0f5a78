"""Problem → google.rpc.Status."""

import base64
from typing import ClassVar
from urllib.parse import quote

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st

from elbv2_trafficrouter.errors import Kind, Problem
from elbv2_trafficrouter.errors.request import InvalidRequest
from elbv2_trafficrouter.errors.rules import NoForwardToStable
from elbv2_trafficrouter.rpc.status import code, status

HEADER_LIMIT = 8192  # of all trailers of a call, in grpc-core and in many proxies
OTHER_TRAILERS = 200


def error_info(of: Status) -> ErrorInfo:
    info = ErrorInfo()
    assert len(of.details) == 1
    assert of.details[0].Unpack(info)
    return info


def header_bytes(of: Status) -> int:
    """grpc-message is percent-encoded, grpc-status-details-bin is base64."""
    return len(quote(of.message)) + len(base64.b64encode(of.SerializeToString()))


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_the_grpc_code_of_its_name(kind: Kind) -> None:
    class SomeProblem(Problem):
        pass

    SomeProblem.kind = kind
    problem = SomeProblem("Something is wrong.")
    assert code(problem) is grpc.StatusCode[kind.name]
    assert status(problem).code == grpc.StatusCode[kind.name].value[0]


def test_a_problem_becomes_its_sentence_and_an_error_info() -> None:
    sent = status(InvalidRequest("desired_weight", "is 101", "It must be from 0 to 100."))
    assert sent.message == "desired_weight is 101. It must be from 0 to 100."
    assert error_info(sent) == ErrorInfo(
        reason="INVALID_REQUEST", domain="elbv2-trafficrouter", metadata={"field": "desired_weight"}
    )


def test_arns_are_whole_in_the_metadata() -> None:
    owner = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
    rule = f"{owner}listener-rule/app/{'n' * 32}/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
    group = f"{owner}targetgroup/{'n' * 32}/73e2d6bc24d8a067"
    info = error_info(status(NoForwardToStable(rule, "was-stable", group, [])))
    assert info.metadata == {"rule": rule, "target_group": group}


class Hostile(Problem):
    kind: ClassVar[Kind] = Kind.INTERNAL


@pytest.mark.parametrize("entries", [0, 1, 2, 3, 8])
@pytest.mark.parametrize(
    "character",
    [
        pytest.param("x", id="letter"),
        pytest.param("🚦", id="emoji"),
        pytest.param("\ud800", id="lone surrogate"),
        pytest.param("\x00", id="control character"),
        pytest.param("%", id="percent sign"),
    ],
)
def test_a_status_fits_into_a_clients_header_limit(entries: int, character: str) -> None:
    text = character * 10_000
    sent = status(Hostile(text, {f"key_{number}": text for number in range(entries)}))
    assert header_bytes(sent) < HEADER_LIMIT - OTHER_TRAILERS


@given(st.text(), st.dictionaries(st.text("abcdefghijklmnopqrstuvwxyz_", max_size=63), st.text(), max_size=8))
def test_any_text_can_be_sent(sentence: str, metadata: dict[str, str]) -> None:
    sent = Status.FromString(status(Hostile(sentence, metadata)).SerializeToString())
    assert set(error_info(sent).metadata) == set(metadata)
