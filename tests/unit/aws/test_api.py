"""The only door to ELBv2: no request for a call that has ended, and no Problem for a bug of our own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.api import Api, Request, reading, writing
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.elbv2.rules import Elbv2Rules
from elbv2_trafficrouter.aws.response import MalformedResponse
from elbv2_trafficrouter.aws.seats import CallSeats
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown, ResponseNotFromAws, Throttled
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.routing.ports import Call, Elbv2
from elbv2_trafficrouter.routing.rule import Forward, HeaderRule, ListenerRule
from elbv2_trafficrouter.runtime import ThreadRuntime
from support.aws.ports import api_on, ports_on
from support.aws.rule_answers import GROUP, LISTENER, RULE, answer, answer_with
from support.router.caller import Caller

WEIGHTS = ListenerRule(Arn(RULE), (Forward(Arn(GROUP), 1),), ({"Type": "forward"},))
DEFAULT_ACTION = ListenerRule(Arn(LISTENER), (Forward(Arn(GROUP), 1),), ({"Type": "forward"},))
BETA = HeaderRule("beta", Arn(RULE), 9, frozenset(), (), Arn(GROUP), ())

# Every method of a port that sends a request.
REQUESTS: dict[str, Callable[[Elbv2, Caller], object]] = {
    "DescribeRules": lambda elbv2, call: elbv2.rules.read(frozenset({Arn(LISTENER)}), 0, call),
    "ModifyRule": lambda elbv2, call: elbv2.rules.write(WEIGHTS, call),
    "ModifyListener": lambda elbv2, call: elbv2.rules.write(DEFAULT_ACTION, call),
    "CreateRule": lambda elbv2, call: elbv2.rules.create(BETA, {"a": "b"}, call),
    "ModifyRule of a header rule": lambda elbv2, call: elbv2.rules.replace(Arn(RULE), BETA, call),
    "DeleteRule": lambda elbv2, call: elbv2.rules.delete(Arn(RULE), call),
    "DescribeTags": lambda elbv2, call: elbv2.tags.read([Arn(RULE)], call),
    "DescribeAccountLimits": lambda elbv2, call: elbv2.limits.read(Arn(LISTENER), call),
    "DescribeListeners": lambda elbv2, call: elbv2.listeners.read_beside(Arn(LISTENER), call),
}


@pytest.fixture
def clients(credentials: None) -> ClientsByRegion:  # noqa: ARG001  found in the environment
    return ClientsByRegion(connections=1)


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize(
    ("caller", "problem"),
    [(Caller(seconds=0), DeadlineExceeded), (Caller(present=False), ClientDisconnected)],
    ids=["the deadline has passed", "the client disconnected"],
)
def test_no_request_is_sent_for_a_call_that_has_ended(
    clients: ClientsByRegion,
    request_of: Callable[[Elbv2, Caller], object],
    caller: Caller,
    problem: type[Problem],
) -> None:
    sent = answer_with(clients.of("eu-west-1"), answer())
    with pytest.raises(problem):
        request_of(ports_on(clients), caller)
    assert sent == []


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
def test_the_harm_without_the_check_is_a_request_for_nobody(
    clients: ClientsByRegion,
    request_of: Callable[[Elbv2, Caller], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Caller, "require_current", lambda _: None)
    sent = answer_with(clients.of("eu-west-1"), b"<html/>")
    with pytest.raises(Problem):
        request_of(ports_on(clients), Caller(seconds=0, present=False))
    assert len(sent) == 1


@dataclass(eq=False)
class EndsAfter(Caller):
    """A call whose client disconnects after so many requests. Each one asks for it twice."""

    requests: float = 0

    def is_connected(self) -> bool:
        self.requests -= 0.5
        return self.requests >= 0


def test_pages_are_requested_until_the_call_ends(clients: ClientsByRegion) -> None:
    sent = answer_with(clients.of("eu-west-1"), *(answer(marker=str(page)) for page in range(9)))
    with pytest.raises(ClientDisconnected):
        list(api_on(clients).send_for_pages(READ, EndsAfter(requests=3), lambda page: page))
    assert len(sent) == 3


READ = reading("DescribeRules", Arn(LISTENER), ListenerArn=LISTENER)
WRITE = writing("ModifyRule", Arn(RULE), RuleArn=RULE, Actions=[])


def answer_to(request: Request) -> bytes:
    return answer().replace(b"DescribeRules", request.operation.encode())


@pytest.mark.parametrize(
    ("request_", "problem"),
    [pytest.param(READ, ResponseNotFromAws, id="read"), pytest.param(WRITE, OutcomeUnknown, id="write")],
)
def test_a_malformed_response_is_a_problem(
    clients: ClientsByRegion, request_: Request, problem: type[Problem]
) -> None:
    answer_with(clients.of("eu-west-1"), answer_to(request_))

    def parse(_: object) -> None:
        raise MalformedResponse

    with pytest.raises(problem):
        api_on(clients).send(request_, Caller(), parse)


@pytest.mark.parametrize("bug", [TypeError, ValueError, LookupError])
@pytest.mark.parametrize("request_", [pytest.param(READ, id="read"), pytest.param(WRITE, id="write")])
def test_a_bug_in_reading_a_response_is_not_blamed_on_aws(
    clients: ClientsByRegion, request_: Request, bug: type[Exception]
) -> None:
    answer_with(clients.of("eu-west-1"), answer_to(request_))

    def parse(_: object) -> None:
        raise bug

    with pytest.raises(bug):
        api_on(clients).send(request_, Caller(), parse)


def test_a_bug_in_reading_a_page_is_not_blamed_on_aws(clients: ClientsByRegion) -> None:
    answer_with(clients.of("eu-west-1"), answer())

    def parse(page: Any) -> None:
        raise KeyError(page)

    with pytest.raises(KeyError):
        list(api_on(clients).send_for_pages(READ, Caller(), parse))


# The budget


class RecordingBudget(Budget):
    """A budget that grants everything and records what it is asked."""

    def __init__(self) -> None:
        super().__init__(ThreadRuntime(), CallSeats(ThreadRuntime()), 1.0)
        self.events: list[tuple[object, ...]] = []

    def take(self, arn: Arn, kind: Kind, call: Call, number: int = 1) -> None:  # noqa: ARG002  Budget's form
        self.events.append(("take", arn, kind, number))

    def halve(self, arn: Arn, kind: Kind) -> None:
        self.events.append(("halve", arn, kind))


def test_every_page_takes_a_token(clients: ClientsByRegion) -> None:
    budget = RecordingBudget()
    sent = answer_with(clients.of("eu-west-1"), answer(marker="more"), answer())
    list(Api(clients, budget).send_for_pages(READ, Caller(), lambda page: page))
    assert budget.events == [("take", LISTENER, Kind.DESCRIBE, 1)] * len(sent)


def test_a_write_takes_a_token(clients: ClientsByRegion) -> None:
    budget = RecordingBudget()
    answer_with(clients.of("eu-west-1"), answer_to(WRITE))
    Api(clients, budget).send(WRITE, Caller(), lambda response: response)
    assert budget.events == [("take", RULE, Kind.MODIFY, 1)]


@pytest.mark.parametrize(("request_", "arn"), [(READ, LISTENER), (WRITE, RULE)])
def test_a_throttled_request_halves_the_budget(
    clients: ClientsByRegion, request_: Request, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "DescribeRules")

    budget = RecordingBudget()
    client = clients.of("eu-west-1")
    for method in ("describe_rules", "modify_rule"):
        monkeypatch.setattr(client, method, throttled)
    with pytest.raises(Throttled):
        Api(clients, budget).send(request_, Caller(), lambda response: response)
    assert budget.events == [("take", arn, request_.kind, 1), ("halve", arn, request_.kind)]


def test_writes_are_reserved_in_each_account_and_region(clients: ClientsByRegion) -> None:
    elsewhere = Arn(RULE.replace("eu-west-1", "eu-central-1"))
    budget = RecordingBudget()
    rules = Elbv2Rules(Api(clients, budget), budget, ThreadRuntime())
    with rules.reserved_writes([Arn(RULE), Arn(RULE + "f"), elsewhere], Caller()):
        assert budget.events == [("take", elsewhere, Kind.MODIFY, 1), ("take", RULE + "f", Kind.MODIFY, 2)]


class SlowBudget(RecordingBudget):
    """A budget that grants a token only when the client has left."""

    def take(self, arn: Arn, kind: Kind, call: Call, number: int = 1) -> None:
        super().take(arn, kind, call, number)
        assert isinstance(call, Caller)
        call.present = False


def test_no_request_is_sent_for_a_call_that_ended_while_it_waited_for_its_token(
    clients: ClientsByRegion,
) -> None:
    sent = answer_with(clients.of("eu-west-1"), answer_to(WRITE), answer())
    api = Api(clients, SlowBudget())
    with pytest.raises(ClientDisconnected):
        api.send(WRITE, Caller(), lambda response: response)
    with pytest.raises(ClientDisconnected):
        list(api.send_for_pages(READ, Caller(), lambda page: page))
    assert sent == []
