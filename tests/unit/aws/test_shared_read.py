"""Who gets which read: never one that began before it was allowed to, and as few reads as that permits."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.seats import CallSeats
from elbv2_trafficrouter.aws.shared_read import Reading, SharedRead
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import Throttled
from elbv2_trafficrouter.errors.call import ApiBudgetExhausted, ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.routing.ports import REUSE_SECONDS, Call, PrioritizedCall, Priority, Urgency
from support.any.examples import examples
from support.router.baton import BatonCaller, BatonRuntime
from support.router.caller import Caller
from support.router.intents import LISTENER

OTHER = Arn(f"{LISTENER}b")
THROTTLED = Throttled("elasticloadbalancing:DescribeRules", "Throttling")


@dataclass
class Answer:
    name: str
    since: float
    """The earliest time at which the read may have begun."""
    began: float
    at: float


class Reads:
    """Reads that take `seconds`, and what each call got. The value of a read is the time of its request."""

    def __init__(self, seconds: float = 1.0, runtime: BatonRuntime | None = None) -> None:
        self.runtime = runtime or BatonRuntime()
        self.seconds = seconds
        self.began: list[tuple[Arn, float]] = []
        self.pages = 1
        self.failing: list[Problem] = []
        self.answers: list[Answer] = []
        self.failures: list[tuple[str, Problem, float]] = []
        self.seats = CallSeats(self.runtime)
        self.budget = Budget(self.runtime, self.seats, 1.0)
        self.shared = SharedRead(self._read, self.budget, self.runtime)

    def _read(self, arn: Arn, call: Call) -> float:
        call.require_current()
        began = self.runtime.now()
        self.began.append((arn, began))
        for _ in range(self.pages):
            self.budget.take(arn, Kind.DESCRIBE, call)
            self.runtime.sleep(self.seconds)
        if self.failing:
            raise self.failing.pop(0)
        return began

    def call(
        self,
        name: str,
        after: float = 0.0,
        *,
        reuse: float = 0.0,
        leaves_after: float = float("inf"),
        deadline: float = 1000.0,
        urgency: Urgency = Urgency.RISE,
        arns: tuple[Arn, ...] = (LISTENER,),
    ) -> Callable[[], None]:
        """A call that arrives after a time, and takes reads that began at most `reuse` seconds before."""

        def work() -> None:
            self.runtime.sleep(after)
            since = self.runtime.now() - reuse
            caller = BatonCaller(self.runtime, deadline, leaves_after)
            self.seats.enter(caller)
            try:
                found = self.shared.of(arns, since, PrioritizedCall(caller, Priority(urgency)))
            except Problem as problem:
                self.failures.append((name, problem, self.runtime.now()))
            else:
                now = self.runtime.now()
                self.answers += [Answer(name, since, reading.value, now) for reading in found.values()]
                assert all(reading.began <= reading.value for reading in found.values())
            finally:
                self.seats.leave(caller)

        return work

    def run(self, *calls: Callable[[], None]) -> None:
        self.runtime.run(*calls)

    @property
    def times(self) -> list[float]:
        return [began for _, began in self.began]


def test_calls_during_a_read_get_the_next_one_together() -> None:
    reads = Reads(seconds=1)
    reads.run(reads.call("first"), *(reads.call(f"later {n}", 0.1 * n) for n in range(1, 9)))
    assert reads.times == [0, 1]
    assert {(answer.name == "first", answer.began) for answer in reads.answers} == {(True, 0), (False, 1)}


@pytest.mark.parametrize(
    ("is_protected", "began"), [pytest.param(True, 1, id="protected"), pytest.param(False, 0, id="the harm")]
)
def test_a_call_does_not_get_what_was_read_before_it(
    is_protected: bool, began: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_protected:
        monkeypatch.setattr(Reading, "serves", lambda *_: True)
    reads = Reads(seconds=1)
    reads.run(reads.call("rise"), reads.call("abort", 0.5))
    assert {answer.name: answer.began for answer in reads.answers} == {"rise": 0, "abort": began}


@pytest.mark.parametrize(
    ("after", "number"), [(0.5, 1), (1.5, 1), (REUSE_SECONDS - 0.1, 1), (REUSE_SECONDS, 2), (60, 2)]
)
def test_a_repeated_intent_takes_a_read_that_began_up_to_two_seconds_ago(after: float, number: int) -> None:
    reads = Reads(seconds=1)
    reads.run(reads.call("first"), reads.call("again", after, reuse=REUSE_SECONDS))
    assert len(reads.began) == number


def test_several_resources_are_read_at_the_same_time() -> None:
    reads = Reads(seconds=1)
    reads.run(reads.call("both", arns=(LISTENER, OTHER)))
    assert reads.began == [(LISTENER, 0), (OTHER, 0)]
    assert reads.runtime.now() == 1


def test_a_call_that_leaves_does_not_end_the_read_for_the_others() -> None:
    reads = Reads(seconds=5)
    reads.run(reads.call("leaves", leaves_after=1), reads.call("stays", reuse=REUSE_SECONDS))
    assert [(name, type(problem)) for name, problem, _ in reads.failures] == [("leaves", ClientDisconnected)]
    assert [(answer.name, answer.began) for answer in reads.answers] == [("stays", 0)]


def test_a_read_that_hangs_ends_for_each_call_at_its_own_deadline() -> None:
    reads = Reads(seconds=500)
    reads.run(reads.call("short", deadline=2), reads.call("long", reuse=REUSE_SECONDS, deadline=7))
    assert [(name, type(problem), at) for name, problem, at in reads.failures] == [
        ("short", DeadlineExceeded, 2),
        ("long", DeadlineExceeded, 7),
    ]


def test_nobody_waits_for_a_read_that_hangs_and_was_abandoned() -> None:
    reads = Reads(seconds=500)

    def later() -> None:
        reads.runtime.sleep(3)
        reads.seconds = 1

    reads.run(reads.call("gives up", deadline=2), later, reads.call("later", 4))
    assert [(answer.name, answer.at) for answer in reads.answers] == [("later", 5)]


def test_an_abandoned_read_does_not_replace_a_later_one() -> None:
    reads = Reads(seconds=3.5)

    def later() -> None:
        reads.runtime.sleep(1.5)
        reads.seconds = 1

    reads.run(
        reads.call("gives up", deadline=1), later, reads.call("next", 2), reads.call("again", 3.8, reuse=2)
    )
    assert reads.times == [0, 2]


def test_the_calls_that_queued_behind_an_abandoned_read_get_theirs_at_once() -> None:
    reads = Reads(seconds=500)

    def later() -> None:
        reads.runtime.sleep(1.5)
        reads.seconds = 1

    reads.run(reads.call("gives up", deadline=2), later, reads.call("queued", 1))
    assert [(answer.name, answer.began) for answer in reads.answers] == [("queued", 2)]


def test_a_failure_is_the_failure_of_all_its_calls_and_is_not_kept() -> None:
    reads = Reads(seconds=1)
    reads.failing = [THROTTLED]
    reads.run(
        *(reads.call(name, reuse=REUSE_SECONDS) for name in ("a", "b")),
        reads.call("later", 1.5, reuse=REUSE_SECONDS),
    )
    assert [(name, problem) for name, problem, _ in reads.failures] == [("a", THROTTLED), ("b", THROTTLED)]
    assert [answer.name for answer in reads.answers] == ["later"]


def test_a_bug_in_a_read_reaches_its_call() -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    runtime = BatonRuntime()
    shared = SharedRead(fail, Budget(runtime, CallSeats(runtime), 1.0), runtime)

    def work() -> None:
        with pytest.raises(ZeroDivisionError):
            shared.of([LISTENER], 0, Caller())

    runtime.run(work)


def test_a_thread_that_cannot_be_started_does_not_block_the_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Reads(seconds=1)

    def refuse(*_: object) -> None:
        raise RuntimeError

    def work() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(reads.runtime, "spawn", refuse)
            with pytest.raises(RuntimeError):
                reads.shared.of([LISTENER], 0, Caller())
        reads.call("next")()

    reads.run(work)
    assert [answer.name for answer in reads.answers] == ["next"]


# With a budget that is used up


def drained(reads: Reads) -> Callable[[], None]:
    return lambda: reads.budget.take(
        LISTENER, Kind.DESCRIBE, PrioritizedCall(Caller(), Priority(Urgency.ABORT)), 40
    )


def test_a_read_that_waits_for_its_token_serves_all_who_arrive_meanwhile() -> None:
    reads = Reads(seconds=1)
    reads.run(drained(reads), *(reads.call(f"{n}", n / 100) for n in range(5)))
    assert len(reads.began) == 1
    assert len(reads.answers) == 5


def test_once_seven_calls_wait_a_read_for_a_rise_is_refused_and_one_for_an_abort_is_not() -> None:
    reads = Reads(seconds=1)
    others = [Arn(f"{LISTENER}{number}") for number in range(7)]
    reads.run(
        drained(reads),
        *(reads.call(f"{n}", n / 100, arns=(arn,)) for n, arn in enumerate(others)),
        reads.call("rise", 0.1),
        reads.call("abort", 0.11, urgency=Urgency.ABORT),
    )
    assert [(name, type(problem), at) for name, problem, at in reads.failures] == [
        ("rise", ApiBudgetExhausted, 0.1)
    ]
    assert "abort" in [answer.name for answer in reads.answers]


@pytest.mark.parametrize("seed", range(20))
def test_an_abort_that_joins_a_read_that_is_refused_is_not_refused(seed: int) -> None:
    reads = Reads(1, BatonRuntime.seeded(seed))
    others = [Arn(f"{LISTENER}{number}") for number in range(7)]
    reads.run(
        drained(reads),
        *(reads.call(f"{n}", 0.01, arns=(arn,)) for n, arn in enumerate(others)),
        reads.call("rise", 0.1, reuse=REUSE_SECONDS),
        reads.call("abort", 0.1, urgency=Urgency.ABORT, reuse=REUSE_SECONDS),
    )
    assert "abort" in [answer.name for answer in reads.answers]


def test_a_read_is_as_urgent_as_the_most_urgent_of_its_calls() -> None:
    """Otherwise an abort would wait as long as the rise whose read it joined."""
    reads = Reads(seconds=0)
    reads.run(
        drained(reads),
        reads.call("to stable", arns=(OTHER,), urgency=Urgency.TO_STABLE),
        reads.call("rise", 0.05),
        reads.call("abort", 0.06, urgency=Urgency.ABORT),
    )
    assert [arn for arn, _ in reads.began] == [LISTENER, OTHER]


def test_a_read_that_an_abort_waits_for_is_as_urgent_as_the_abort() -> None:
    """Its second page would otherwise wait behind rises, and the abort's own read behind it."""
    reads = Reads(seconds=0)
    reads.pages = 2

    def rises() -> None:
        reads.runtime.sleep(0.01)
        for _ in range(20):
            call = PrioritizedCall(BatonCaller(reads.runtime, 1000), Priority(Urgency.RISE, "other"))
            reads.budget.take(LISTENER, Kind.DESCRIBE, call)

    def leave_three() -> None:
        drain = PrioritizedCall(Caller(), Priority(Urgency.ABORT))
        reads.budget.take(LISTENER, Kind.DESCRIBE, drain, 37)

    reads.run(
        leave_three,
        reads.call("verification", urgency=Urgency.VERIFICATION),
        rises,
        reads.call("abort", 0.05, urgency=Urgency.ABORT),
    )
    at = {answer.name: answer.at for answer in reads.answers}
    assert at["verification"] < 0.3
    assert at["abort"] < 0.6


def test_a_read_whose_calls_have_all_left_is_not_sent() -> None:
    reads = Reads(seconds=1)
    reads.run(drained(reads), reads.call("leaves", leaves_after=0.1))
    assert reads.began == []


# Any history

any_call = st.fixed_dictionaries(
    {
        "after": st.integers(0, 60).map(lambda tenths: tenths / 10),
        "reuse": st.sampled_from([0.0, REUSE_SECONDS]),
        "leaves_after": st.sampled_from([float("inf"), 0.3, 2.5]),
        "deadline": st.sampled_from([0.5, 3.0, 10.0]),
        "urgency": st.sampled_from(Urgency),
        "arns": st.sampled_from([(LISTENER,), (OTHER,), (LISTENER, OTHER)]),
    }
)


def check_history(calls: list[dict[str, object]], failing: int, seconds: float, seed: int) -> None:
    reads = Reads(seconds, BatonRuntime.seeded(seed))
    reads.failing = [THROTTLED] * failing
    reads.run(*(reads.call(f"{n}", **each) for n, each in enumerate(calls)))  # type: ignore[arg-type]  # drawn
    for answer in reads.answers:
        assert answer.began >= answer.since, f"{answer} was read before it was allowed to be"
    ended = {name: at for name, _, at in reads.failures} | {each.name: each.at for each in reads.answers}
    for number, call in enumerate(calls):
        end = float(call["after"]) + min(float(call["deadline"]), float(call["leaves_after"]))  # type: ignore[arg-type]  # drawn
        assert ended[f"{number}"] <= end + 0.3, f"call {number} waited too long"


@given(
    calls=st.lists(any_call, min_size=1, max_size=12),
    failing=st.integers(0, 2),
    seconds=st.sampled_from([0.0, 0.2, 1.0, 30.0]),
    seed=st.integers(),
)
@settings(max_examples=examples(60))
def test_nobody_is_served_what_was_read_too_early_and_nobody_waits_too_long(
    calls: list[dict[str, object]], failing: int, seconds: float, seed: int
) -> None:
    check_history(calls, failing, seconds, seed)
