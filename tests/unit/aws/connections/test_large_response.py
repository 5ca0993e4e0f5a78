"""A response that is larger than any of AWS is not read to its end, and never parsed."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.errors.aws import OutcomeUnknown, ResponseNotFromAws
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule
from support.aws.answering_server import AnsweringServer, answering_server
from support.aws.ports import ports_on
from support.aws.rule_answers import GROUP, LISTENER, RULE, answer, forward, rule
from support.router.caller import Caller

RULE_TO_WRITE = ListenerRule(Arn(RULE), (Forward(Arn(GROUP), 1),), ({"Type": "forward"},))
MIB = 1024 * 1024


def rules_of(size: int) -> str:
    """A valid response to DescribeRules of about this size."""
    one = rule(forward())
    return answer(*[one] * (size // len(one))).decode()


@pytest.fixture
def aws(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringServer]:  # noqa: ARG001  found in the environment
    with answering_server(lambda _: (200, "")) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", f"http://{server.address}")
        yield server


def test_a_read_of_a_large_response_fails_after_one_request(aws: AnsweringServer) -> None:
    aws.answer = lambda _: (200, rules_of(5 * MIB))
    with pytest.raises(ResponseNotFromAws) as caught:
        ports_on(ClientsByRegion(connections=1)).rules.read(frozenset({Arn(LISTENER)}), 0, Caller())
    assert caught.value.metadata["message"] == "The response is larger than any of AWS"
    assert len(aws.asked) == 1


def test_a_write_with_a_large_response_may_have_been_done(aws: AnsweringServer) -> None:
    aws.answer = lambda _: (200, rules_of(5 * MIB))
    with pytest.raises(OutcomeUnknown):
        ports_on(ClientsByRegion(connections=1)).rules.write(RULE_TO_WRITE, Caller())
    assert len(aws.asked) == 1


def test_a_response_as_large_as_those_of_aws_is_read(aws: AnsweringServer) -> None:
    aws.answer = lambda _: (200, rules_of(MIB))
    found = ports_on(ClientsByRegion(connections=1)).rules.read(frozenset({Arn(LISTENER)}), 0, Caller())
    assert set(found.rules) == {RULE}


READ = f"""
from pathlib import Path
from elbv2_trafficrouter.assembly import elbv2_on
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.ports import Call
from elbv2_trafficrouter.runtime import ThreadRuntime
class Waiting(Call):
    seconds_left = lambda self: 10
    is_connected = lambda self: True
try:
    rules = elbv2_on(ClientsByRegion(connections=1), ThreadRuntime(), 1).rules
    rules.read(frozenset({{"{LISTENER}"}}), 0, Waiting())
except Problem as problem:
    print(problem.reason)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        pytest.param(50 * MIB, ["RESPONSE_NOT_FROM_AWS"], id="50 MB"),
        pytest.param(7 * MIB // 2, [], id="3.5 MB"),
    ],
)
def test_a_large_response_does_not_fill_the_memory(
    aws: AnsweringServer, size: int, reason: list[str]
) -> None:
    """Parsing 50 MB took 609 MiB."""
    large = rules_of(size)
    aws.answer = lambda _: (200, large)
    run = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    *said, kib = run.stdout.split()
    assert said == reason
    assert int(kib) / 1024 < 200
