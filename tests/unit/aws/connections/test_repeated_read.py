"""A connection that AWS closed while it was kept: a read is sent again on a new one, a write is not."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.errors.aws import OutcomeUnknown, Unreachable
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule
from support.aws.answering_server import AnsweringServer, answering_server
from support.aws.ports import ports_on
from support.aws.rule_answers import GROUP, LISTENER, RULE, answer
from support.router.caller import Caller

RULE_TO_WRITE = ListenerRule(Arn(RULE), (Forward(Arn(GROUP), 1),), ({"Type": "forward"},))
CONNECTIONS = 3


@pytest.fixture
def aws(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringServer]:  # noqa: ARG001  found in the environment
    with answering_server(lambda _: (200, answer().decode())) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", f"http://{server.address}")
        yield server


@pytest.fixture
def clients(aws: AnsweringServer) -> ClientsByRegion:
    """Clients that keep some connections, which are all closed when they are used again."""
    clients = ClientsByRegion(connections=CONNECTIONS)
    clients.of("eu-west-1")
    together = threading.Barrier(CONNECTIONS)

    def wait_for_the_others(_: str) -> tuple[int, str]:
        together.wait(20)
        return 200, answer().decode()

    at_once, aws.answer = aws.answer, wait_for_the_others
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for sent in [pool.submit(read, clients) for _ in range(CONNECTIONS)]:
            sent.result(20)
    aws.answer = at_once
    assert aws.close_kept_connections() == CONNECTIONS
    aws.asked.clear()
    return clients


def read(clients: ClientsByRegion) -> None:
    ports_on(clients).rules.read(frozenset({Arn(LISTENER)}), 0, Caller())


def test_a_read_is_sent_again_on_a_new_connection(aws: AnsweringServer, clients: ClientsByRegion) -> None:
    for _ in range(5):
        read(clients)
    assert len(aws.closed) == 1
    assert len(aws.asked) == 6


def test_a_read_is_sent_again_only_once(aws: AnsweringServer, clients: ClientsByRegion) -> None:
    aws.answer = lambda _: None
    with pytest.raises(Unreachable):
        read(clients)
    assert len(aws.asked) == 2


def test_a_write_is_never_sent_again(aws: AnsweringServer, clients: ClientsByRegion) -> None:
    with pytest.raises(OutcomeUnknown):
        ports_on(clients).rules.write(RULE_TO_WRITE, Caller())
    assert len(aws.asked) == 1
