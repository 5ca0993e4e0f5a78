"""The order in which requests get their tokens, and that AWS would never have throttled them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elbv2_emulator.api.throttle import Levels, levels_after
from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.seats import SEATS, CallSeats
from elbv2_trafficrouter.aws.shared_call import SharedCall
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.call import ApiBudgetExhausted, ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.routing.ports import Call, PrioritizedCall, Priority, Urgency
from support.any.examples import examples
from support.router.baton import BatonRuntime
from support.router.caller import Caller
from support.router.intents import RULE

ELSEWHERE = Arn(RULE.replace("eu-west-1", "eu-central-1"))
EXEMPT = (Urgency.ABORT, Urgency.TO_STABLE)
ACTION_OF = {Kind.DESCRIBE: "DescribeRules", Kind.MODIFY: "ModifyRule"}


@dataclass
class Requests:
    """Requests on a budget, and when each got its tokens."""

    share: float = 1.0
    runtime: BatonRuntime = field(default_factory=BatonRuntime)
    granted: list[tuple[str, float]] = field(default_factory=list)
    failed: list[tuple[str, type[Problem]]] = field(default_factory=list)
    sent: list[tuple[float, Kind]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seats = CallSeats(self.runtime)
        self.budget = Budget(self.runtime, self.seats, self.share)

    def request(
        self,
        name: str,
        urgency: Urgency = Urgency.RISE,
        *,
        kind: Kind = Kind.MODIFY,
        namespace: str = "petclinic",
        after: float = 0.0,
        seconds: float = 1000.0,
        number: int = 1,
        arn: Arn = RULE,
    ) -> Callable[[], None]:
        def send() -> None:
            self.runtime.sleep(after)
            call = PrioritizedCall(Lasting(self.runtime, seconds), Priority(urgency, namespace))
            self.seats.enter(call)
            try:
                self.budget.take(arn, kind, call, number)
            except Problem as problem:
                self.failed.append((name, type(problem)))
            else:
                self.granted.append((name, round(self.runtime.now(), 3)))
                self.sent += [(self.runtime.now(), kind)] * number
            finally:
                self.seats.leave(call)

        return send

    def drain(self, kind: Kind = Kind.MODIFY) -> Callable[[], None]:
        """Takes all tokens that anybody may take."""
        return self.request("drain", Urgency.ABORT, kind=kind, number=20 if kind is Kind.MODIFY else 40)

    @property
    def order(self) -> list[str]:
        return [name for name, _ in self.granted if name != "drain"]


class Lasting(Call):
    """A call with a deadline on the runtime's clock."""

    def __init__(self, runtime: BatonRuntime, seconds: float) -> None:
        self._runtime = runtime
        self._until = runtime.now() + seconds

    def seconds_left(self) -> float:
        return self._until - self._runtime.now()

    def is_connected(self) -> bool:
        return True


@pytest.fixture
def requests() -> Requests:
    return Requests()


def test_the_burst_is_granted_at_once_and_the_rest_at_the_rate_of_the_bucket(requests: Requests) -> None:
    requests.runtime.run(*(requests.request(f"{n}", Urgency.TO_STABLE) for n in range(21)))
    times = [at for _, at in requests.granted]
    assert times[:18] == [0.0] * 18  # the last two of the burst of 20 are for aborts
    assert times[18:] == pytest.approx([1 / 3, 2 / 3, 1.0], abs=0.01)


def test_the_share_divides_burst_and_rate() -> None:
    requests = Requests(share=0.5)
    requests.runtime.run(*(requests.request(f"{n}", Urgency.TO_STABLE) for n in range(10)))
    times = [at for _, at in requests.granted]
    assert times[:8] == [0.0] * 8
    assert times[8:] == pytest.approx([2 / 3, 4 / 3], abs=0.01)


def test_the_most_urgent_request_goes_first_whatever_arrived_first(requests: Requests) -> None:
    requests.runtime.run(
        requests.drain(),
        requests.request("verification", Urgency.VERIFICATION),
        requests.request("rise", Urgency.RISE),
        requests.request("to stable", Urgency.TO_STABLE),
        requests.request("abort", Urgency.ABORT),
    )
    assert requests.order == ["abort", "to stable", "rise", "verification"]


def test_an_abort_takes_a_token_that_a_rise_must_leave(requests: Requests) -> None:
    requests.runtime.run(
        requests.request("most", Urgency.ABORT, number=18),
        requests.request("rise", Urgency.RISE, after=0.1),
        requests.request("abort", Urgency.ABORT, after=0.2),
    )
    assert ("abort", 0.2) in requests.granted
    assert requests.order == ["most", "abort", "rise"]


def test_namespaces_take_turns(requests: Requests) -> None:
    requests.runtime.run(
        requests.drain(),
        *(requests.request(f"a{n}", namespace="a") for n in range(4)),
        *(requests.request(f"b{n}", namespace="b") for n in range(2)),
    )
    assert requests.order == ["a0", "b0", "a1", "b1", "a2", "a3"]


def test_a_read_does_not_wait_behind_a_write_that_lacks_only_tokens_to_modify(requests: Requests) -> None:
    requests.runtime.run(
        requests.drain(), requests.request("write"), requests.request("read", kind=Kind.DESCRIBE, after=0.1)
    )
    assert requests.order == ["read", "write"]
    assert ("read", 0.1) in requests.granted


def test_another_account_or_region_has_its_own_buckets(requests: Requests) -> None:
    requests.runtime.run(
        requests.drain(), requests.request("here"), requests.request("elsewhere", arn=ELSEWHERE)
    )
    assert requests.order == ["elsewhere", "here"]


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
    rise = PrioritizedCall(Lasting(requests.runtime, 100), Priority(Urgency.RISE))
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


def test_a_call_stops_waiting_at_its_deadline(requests: Requests) -> None:
    requests.runtime.run(requests.drain(), requests.request("short", seconds=0.2), requests.request("long"))
    assert requests.failed == [("short", DeadlineExceeded)]
    assert requests.order == ["long"]


def test_a_call_whose_client_has_left_lets_the_others_go_first(requests: Requests) -> None:
    caller = Caller()

    def abandoned() -> None:
        call = PrioritizedCall(caller, Priority(Urgency.ABORT))
        with pytest.raises(ClientDisconnected):
            requests.budget.take(RULE, Kind.MODIFY, call, 20)

    def leave() -> None:
        requests.runtime.sleep(0.1)
        caller.present = False

    requests.runtime.run(requests.drain(), abandoned, leave, requests.request("rise"))
    assert requests.order == ["rise"]
    assert requests.granted[-1][1] == pytest.approx(1.0, abs=0.3)  # the third token from the start


def test_a_request_goes_as_soon_as_the_one_before_it_has_left(requests: Requests) -> None:
    requests.runtime.run(
        requests.request("first", Urgency.TO_STABLE),
        requests.request("too much", Urgency.TO_STABLE, number=18, seconds=0.2),
        requests.request("next", Urgency.RISE, after=0.1),
    )
    assert requests.granted[1:] == [("next", 0.2)]


# Tokens that were paid in advance


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


# AWS throttles


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


# Any requests

any_request = st.fixed_dictionaries(
    {
        "urgency": st.sampled_from(Urgency),
        "kind": st.sampled_from(Kind),
        "namespace": st.sampled_from(["a", "b"]),
        "after": st.integers(0, 20).map(lambda tenths: tenths / 10),
        "seconds": st.sampled_from([0.5, 10.0]),
    }
)


def would_be_throttled(sent: list[tuple[float, Kind]]) -> bool:
    """Whether AWS's buckets, as the emulator keeps them, refuse one of these requests."""
    levels: Levels = {}
    for at, kind in sent:
        levels, is_admitted = levels_after(levels, ACTION_OF[kind], at)
        if not is_admitted:
            return True
    return False


@given(
    wanted=st.lists(any_request, min_size=20, max_size=40),
    share=st.sampled_from([0.1, 1.0]),
    seed=st.integers(),
)
@settings(max_examples=examples(40))
def test_aws_throttles_no_request_that_got_its_token(
    wanted: list[dict[str, object]], share: float, seed: int
) -> None:
    requests = Requests(share=share, runtime=BatonRuntime.seeded(seed))
    runtime = requests.runtime
    runtime.run(*(requests.request(f"{n}", **each) for n, each in enumerate(wanted)))  # type: ignore[arg-type]  # drawn
    assert len(requests.granted) + len(requests.failed) == len(wanted)
    assert {problem for _, problem in requests.failed} <= {ApiBudgetExhausted, DeadlineExceeded}
    assert not would_be_throttled(requests.sent)


def test_without_the_budget_aws_throttles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harm that the budget prevents."""
    monkeypatch.setattr(Budget, "_lacking", lambda *_: None)
    requests = Requests()
    requests.runtime.run(*(requests.request(f"{n}") for n in range(25)))
    assert would_be_throttled(requests.sent)
