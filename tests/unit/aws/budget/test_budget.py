"""The order in which requests get their tokens, and that AWS would never have throttled them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elbv2_emulator.api.throttle import Levels, levels_after
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.errors.call import ApiBudgetExhausted, ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.routing.ports import PrioritizedCall, Priority, Urgency
from support.any.examples import examples
from support.aws.budget_requests import ACTION_OF, ELSEWHERE, Requests
from support.router.baton import BatonRuntime
from support.router.caller import Caller
from support.router.intents import RULE


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
