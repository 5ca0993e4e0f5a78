"""Tokens that a call has before its requests."""

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.budget import Kind
from elbv2_trafficrouter.routing.ports import PrioritizedCall, Priority, Urgency
from support.aws.budget_requests import ELSEWHERE, Requests
from support.router.caller import Caller
from support.router.intents import RULE


def test_the_requests_of_a_paid_call_do_not_wait(requests: Requests) -> None:
    def work() -> None:
        with requests.budget.paid(RULE, Kind.MODIFY, Caller(), 2) as paid:
            requests.budget.take(RULE, Kind.MODIFY, PrioritizedCall(Caller(), Priority(Urgency.ABORT)), 18)
            for _ in range(2):
                requests.budget.take(RULE, Kind.MODIFY, paid)
            assert requests.runtime.now() == 0
            requests.budget.take(RULE, Kind.MODIFY, paid)
            assert requests.runtime.now() > 0

    requests.runtime.run(work)


@pytest.mark.parametrize(
    ("arn", "kind"),
    [pytest.param(RULE, Kind.DESCRIBE, id="kind"), pytest.param(ELSEWHERE, Kind.MODIFY, id="region")],
)
def test_tokens_of_one_kind_and_region_do_not_pay_for_another(
    requests: Requests, arn: Arn, kind: Kind
) -> None:
    def work() -> None:
        with requests.budget.paid(RULE, Kind.MODIFY, Caller()) as paid:
            requests.budget.take(RULE, Kind.MODIFY, PrioritizedCall(Caller(), Priority(Urgency.ABORT)), 19)
            requests.budget.take(arn, kind, paid)
            requests.budget.take(RULE, Kind.MODIFY, paid)

    requests.runtime.run(work)
    assert requests.runtime.now() == 0


def test_a_call_reserves_no_more_than_a_bucket_can_hold(requests: Requests) -> None:
    """A debt would make the next abort wait."""

    def work() -> None:
        with requests.budget.paid(RULE, Kind.MODIFY, Caller(), 25):
            requests.budget.take(RULE, Kind.MODIFY, PrioritizedCall(Caller(), Priority(Urgency.ABORT)), 2)

    requests.runtime.run(work)
    assert requests.runtime.now() == 0


def test_tokens_are_not_given_back_after_throttling(requests: Requests) -> None:
    """AWS has just said that there are none."""

    def work() -> None:
        requests.runtime.sleep(1)
        with requests.budget.paid(RULE, Kind.MODIFY, Caller(), 18):
            requests.budget.halve(RULE, Kind.MODIFY)

    requests.runtime.run(work, requests.request("rise", Urgency.RISE, after=1.1))
    ((_, at),) = requests.granted
    assert at > 1.5


def test_tokens_that_were_not_needed_are_given_back(requests: Requests) -> None:
    def work() -> None:
        with requests.budget.paid(RULE, Kind.MODIFY, Caller(), 18):
            pass

    requests.runtime.run(work, requests.request("next", number=18))
    assert requests.granted == [("next", 0.0)]
