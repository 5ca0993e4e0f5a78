"""What the budget does after AWS has throttled, and when a bucket is full again."""

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.budget import Kind
from elbv2_trafficrouter.routing.ports import PrioritizedCall, Priority, Urgency
from support.aws.budget_requests import Requests
from support.router.caller import Caller
from support.router.intents import RULE


def test_after_throttling_the_rate_is_halved_and_recovers_within_a_minute(requests: Requests) -> None:
    def seconds_for_30() -> float:
        begun = requests.runtime.now()
        for _ in range(30):
            requests.budget.take(RULE, Kind.MODIFY, PrioritizedCall(Caller(), Priority(Urgency.ABORT)))
        return requests.runtime.now() - begun

    def work() -> None:
        requests.drain()()
        for _ in range(5):  # five responses within a second are one event
            requests.budget.halve(RULE, Kind.MODIFY)
        assert 12 < seconds_for_30() < 20  # at the whole rate: 10
        requests.runtime.sleep(60)
        requests.drain()()
        assert seconds_for_30() == pytest.approx(10, abs=0.4)

    requests.runtime.run(work)


def test_after_throttling_only_the_tokens_for_aborts_are_left(requests: Requests) -> None:
    requests.budget.halve(RULE, Kind.MODIFY)
    requests.runtime.run(requests.request("rise", Urgency.RISE))
    ((_, at),) = requests.granted
    assert at == pytest.approx(2 / 3, abs=0.01)


def test_a_bucket_that_is_full_again_is_forgotten(requests: Requests) -> None:
    for number in range(100):
        requests.budget.take(Arn(RULE.replace("123456789012", f"{number:012}")), Kind.DESCRIBE, Caller())
        requests.runtime.seconds += 301
    assert len(requests.budget._levels) == 2  # noqa: SLF001  nothing else shows it
