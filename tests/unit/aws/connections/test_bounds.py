"""No request to AWS takes longer than its call has left, nor more than three seconds, whatever AWS sends."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown, Unreachable
from elbv2_trafficrouter.errors.call import DeadlineExceeded
from elbv2_trafficrouter.routing.ports import Elbv2
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule
from support.aws.ports import ports_on
from support.aws.rule_answers import GROUP, LISTENER, RULE
from support.aws.slow_server import Slowness, slow_server
from support.router.caller import Caller

RULE_TO_WRITE = ListenerRule(Arn(RULE), (Forward(Arn(GROUP), 1),), ({"Type": "forward"},))
MARGIN_SECONDS = 1.0  # of a busy machine


class Timed(Caller):
    """A call with a real deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._until = time.monotonic() + seconds

    def seconds_left(self) -> float:
        return self._until - time.monotonic()


@pytest.fixture
def clients(credentials: None) -> ClientsByRegion:  # noqa: ARG001  found in the environment
    return ClientsByRegion(connections=1)


@pytest.fixture
def certificate(tmp_path: Path) -> Any:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return authority.issue_cert("127.0.0.1")


def read(elbv2: Elbv2, call: Caller) -> None:
    elbv2.rules.read(frozenset({Arn(LISTENER)}), 0, call)


def write(elbv2: Elbv2, call: Caller) -> None:
    elbv2.rules.write(RULE_TO_WRITE, call)


def problem_of(
    clients: ClientsByRegion, send: Callable[[Elbv2, Caller], None], left: float, within: float
) -> Problem:
    """The problem of a request for a call that has so many seconds left. It must come within a time."""
    clients.of("eu-west-1")  # making a client takes long on a busy machine
    begun = time.monotonic()
    with pytest.raises(Problem) as caught:
        send(ports_on(clients), Timed(left))
    assert time.monotonic() - begun < within + MARGIN_SECONDS
    return caught.value


ENDPOINT = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2"
SLOW = [slowness for slowness in Slowness if slowness is not Slowness.TLS]


@pytest.mark.parametrize("slowness", SLOW, ids=lambda slowness: slowness.value)
def test_a_read_ends_with_its_call(
    clients: ClientsByRegion, monkeypatch: pytest.MonkeyPatch, slowness: Slowness
) -> None:
    with slow_server(slowness) as address:
        monkeypatch.setenv(ENDPOINT, f"http://{address}")
        assert type(problem_of(clients, read, left=0.7, within=0.7)) is DeadlineExceeded


@pytest.mark.parametrize("slowness", SLOW, ids=lambda slowness: slowness.value)
def test_a_write_ends_with_its_call(
    clients: ClientsByRegion, monkeypatch: pytest.MonkeyPatch, slowness: Slowness
) -> None:
    with slow_server(slowness) as address:
        monkeypatch.setenv(ENDPOINT, f"http://{address}")
        problem = problem_of(clients, write, left=0.7, within=0.7)
    assert type(problem) is (DeadlineExceeded if slowness is Slowness.ACCEPT else OutcomeUnknown)


@pytest.mark.parametrize("slowness", [Slowness.HEADERS, Slowness.BODY], ids=lambda slowness: slowness.value)
def test_a_request_takes_three_seconds_however_much_time_its_call_has(
    clients: ClientsByRegion, monkeypatch: pytest.MonkeyPatch, slowness: Slowness
) -> None:
    with slow_server(slowness) as address:
        monkeypatch.setenv(ENDPOINT, f"http://{address}")
        problem = problem_of(clients, read, left=60, within=3)
    assert type(problem) is Unreachable
    assert address in problem.sentence


@pytest.mark.parametrize(
    "slowness",
    [slowness for slowness in Slowness if slowness is not Slowness.ACCEPT],
    ids=lambda slowness: slowness.value,
)
def test_the_same_holds_for_tls(
    clients: ClientsByRegion,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    certificate: Any,
    slowness: Slowness,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with slow_server(slowness, context) as address:
        monkeypatch.setenv(ENDPOINT, f"https://{address}")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        assert type(problem_of(clients, read, left=0.7, within=0.7)) is DeadlineExceeded


def test_a_name_whose_look_up_hangs_does_not_hold_the_call(
    clients: ClientsByRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers share one look-up, so a resolver that hangs costs one thread and not one for each call."""
    over, look_ups = threading.Event(), []

    def hang(host: str, *_: object, **__: object) -> list[Any]:
        look_ups.append(host)
        over.wait(20)
        raise socket.gaierror

    monkeypatch.setenv(ENDPOINT, "http://aws.example")
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        for _ in range(2):
            assert type(problem_of(clients, write, left=0.3, within=0.3)) is DeadlineExceeded
        assert look_ups == ["aws.example"]
    finally:
        over.set()


def test_a_name_with_addresses_that_do_not_answer_ends_in_time(
    clients: ClientsByRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore's time-out for a connection is for each address of the name."""
    with slow_server(Slowness.ACCEPT) as address:
        port = int(address.rpartition(":")[2])
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", port)) for last in range(1, 9)
        ]
        real = socket.getaddrinfo

        def several(host: str, *rest: Any, **more: Any) -> list[Any]:
            return found if host == "aws.example" else real("127.0.0.1", *rest, **more)

        monkeypatch.setenv(ENDPOINT, f"http://aws.example:{port}")
        monkeypatch.setattr(socket, "getaddrinfo", several)
        assert type(problem_of(clients, read, left=60, within=3)) is Unreachable
