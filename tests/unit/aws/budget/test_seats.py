"""How many calls may wait for tokens."""

import pytest

from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.seats import SEATS, CallSeats
from elbv2_trafficrouter.aws.shared_call import SharedCall
from elbv2_trafficrouter.errors.call import ApiBudgetExhausted
from elbv2_trafficrouter.routing.ports import PrioritizedCall, Priority, Urgency
from support.aws.budget_requests import ELSEWHERE, EXEMPT, Requests
from support.router.baton import BatonCaller, BatonRuntime
from support.router.caller import Caller
from support.router.intents import RULE


@pytest.mark.parametrize("urgency", Urgency)
def test_once_seven_calls_wait_only_aborts_and_moves_to_stable_wait_too(
    requests: Requests, urgency: Urgency
) -> None:
    waiting = [requests.request(f"{n}", arn=ELSEWHERE if n % 2 else RULE) for n in range(SEATS)]
    fill = [requests.drain(), requests.request("drain", Urgency.ABORT, number=20, arn=ELSEWHERE)]
    requests.runtime.run(*fill, *waiting, requests.request("eighth", urgency, after=0.1))
    assert requests.failed == ([] if urgency in EXEMPT else [("eighth", ApiBudgetExhausted)])
    assert ("eighth" in requests.order) == (urgency in EXEMPT)


def test_a_call_that_has_waited_may_wait_again(requests: Requests) -> None:
    """Otherwise its first request would have used up a token for nothing."""
    rise = PrioritizedCall(BatonCaller(requests.runtime, 100), Priority(Urgency.RISE))
    requests.seats.enter(rise)

    def two_requests() -> None:
        requests.runtime.sleep(0.1)
        requests.budget.take(RULE, Kind.MODIFY, rise)
        requests.budget.take(RULE, Kind.MODIFY, rise)
        requests.granted.append(("both", requests.runtime.now()))

    others = [requests.request(f"{n}", after=0.2) for n in range(SEATS - 1)]
    late = [requests.request(f"late {n}", after=0.3) for n in range(3)]
    requests.runtime.run(requests.drain(), two_requests, *others, *late)
    assert "both" in requests.order
    assert [problem for _, problem in requests.failed] == [ApiBudgetExhausted] * 3


def test_all_calls_of_a_shared_read_have_a_seat() -> None:
    runtime = BatonRuntime()
    seats = CallSeats(runtime)
    budget, shared = Budget(runtime, seats, 1.0), SharedCall()
    members = [PrioritizedCall(Caller(), Priority(Urgency.RISE)) for _ in range(3)]
    for member in members:
        shared.add(member)
        seats.enter(member)

    def drain() -> None:
        budget.take(RULE, Kind.DESCRIBE, PrioritizedCall(Caller(), Priority(Urgency.ABORT)), 40)

    def read_two_pages() -> None:
        with budget.paid(RULE, Kind.DESCRIBE, shared) as paid:
            for _ in range(2):
                budget.take(RULE, Kind.DESCRIBE, paid)

    runtime.run(drain, read_two_pages)
    assert len(seats) == 3
    for member in members:
        seats.leave(member)
    assert len(seats) == 0


def test_a_call_that_has_ended_gets_no_seat() -> None:
    """A read may still ask for it."""
    seats = CallSeats(BatonRuntime())
    call = PrioritizedCall(Caller(), Priority(Urgency.RISE))
    seats.enter(call)
    seats.leave(call)
    seats.take([call], RULE)
    assert len(seats) == 0
