"""Which of several calls wins, which calls write nothing any more, and what is left of calls that ended."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import cast

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded, Superseded
from elbv2_trafficrouter.errors.rules import SharesDiffer
from elbv2_trafficrouter.rollout.config import Config, NamedRule
from elbv2_trafficrouter.rollout.intent import Destination, Intent
from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.routing.ports import Call, Lock, Rules
from elbv2_trafficrouter.routing.ports import Runtime as Ports
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule, Snapshot
from elbv2_trafficrouter.routing.turns import Turn
from support.router.caller import Caller
from support.router.rules_in_memory import RulesInMemory

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = Arn(f"{OWNER}:listener-rule/app/petclinic/50dc/9f2a/1a2b")
STABLE, CANARY = Arn(f"{OWNER}:targetgroup/was-stable/1"), Arn(f"{OWNER}:targetgroup/was-canary/2")
FOREIGN = Arn(f"{OWNER}:targetgroup/web/3")
CONFIG = Config(rules=(NamedRule(RULE),), target_groups={"was-stable": STABLE, "was-canary": CANARY})


def asking_for(weight: int, rollout: str = "was") -> Intent:
    canary = Fraction(weight, 100)
    return Intent(
        namespace="petclinic",
        rollout=rollout,
        stable=Destination("was-stable", 1 - canary),
        canary=Destination("was-canary", canary),
        additional_destinations=(),
        max_weight=100,
        config=CONFIG,
    )


@dataclass
class Aws:
    """routing's Rules with one rule. `during_read` runs after the state was read, before the read returns."""

    rule: ListenerRule = field(
        default_factory=lambda: ListenerRule(RULE, (Forward(STABLE, 100), Forward(CANARY, 0)), ())
    )
    during_read: Callable[[], None] = lambda: None
    reads: int = 0
    written: list[int] = field(default_factory=list)
    lose_answers: bool = False

    def read(self, listeners: frozenset[Arn], call: Call) -> Snapshot:  # noqa: ARG002  the port's form
        assert listeners == {Arn(f"{OWNER}:listener/app/petclinic/50dc/9f2a")}
        self.reads += 1
        seen = self.rule
        self.during_read()
        return Snapshot({seen.arn: seen})

    def write(self, rule: ListenerRule, call: Call) -> ListenerRule:
        call.require_current()
        self.rule = rule
        self.written.append(canary_weight(rule))
        if self.lose_answers:
            raise OutcomeUnknown("elasticloadbalancing:ModifyRule", RULE, "read timed out")
        return self.rule


class LastComeFirstServed:
    """A lock that lets the youngest waiter in first: threading.Lock promises no order either."""

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._waiting: list[int] = []
        self._held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: ARG002  the port's form
        with self._state:
            me = threading.get_ident()
            self._waiting.append(me)
            self._state.notify_all()
            self._state.wait_for(lambda: not self._held and self._waiting[-1] == me)
            self._waiting.remove(me)
            self._held = True
            return True

    def release(self) -> None:
        with self._state:
            self._held = False
            self._state.notify_all()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def wait_for_waiters(self, number: int) -> None:
        with self._state:
            assert self._state.wait_for(lambda: len(self._waiting) == number, timeout=10)


class Runtime:
    def __init__(self) -> None:
        self.locks: list[LastComeFirstServed] = []
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def lock(self) -> Lock:
        self.locks.append(LastComeFirstServed())
        return self.locks[-1]

    @property
    def listener(self) -> LastComeFirstServed:
        """All others were created with the router."""
        return self.locks[-1]


def router_on(aws: "Aws", runtime: Ports) -> Router:
    elbv2 = replace(RulesInMemory({}).elbv2, rules=cast("Rules", aws))
    return Router(elbv2, runtime, Installation())


def canary_weight(rule: ListenerRule) -> int:
    return next(forward.weight for forward in rule.forwards if forward.group == CANARY)


@pytest.mark.parametrize(
    ("protected", "last"), [pytest.param(True, 0, id="protected"), pytest.param(False, 50, id="the harm")]
)
def test_a_rise_that_an_abort_overtook_writes_nothing(
    protected: bool, last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rise arrives first and gets the listener's lock last."""
    if not protected:
        monkeypatch.setattr(Turn, "require_current", lambda *_: None)
    runtime, aws, failures = Runtime(), Aws(), []
    router = router_on(aws, runtime)
    router.set_weight(asking_for(10), Caller())

    def set_weight(weight: int) -> None:
        try:
            router.set_weight(asking_for(weight), Caller())
        except Problem as problem:
            failures.append(type(problem))

    rise, abort = (threading.Thread(target=set_weight, args=(weight,)) for weight in (50, 0))

    def both_arrive() -> None:
        aws.during_read = lambda: None
        rise.start()
        runtime.listener.wait_for_waiters(1)
        abort.start()
        runtime.listener.wait_for_waiters(2)

    aws.during_read = both_arrive
    router.set_weight(asking_for(10, rollout="other"), Caller())
    rise.join()
    abort.join()
    assert canary_weight(aws.rule) == last
    assert failures == ([Superseded] if protected else [])


@pytest.mark.parametrize(
    ("caller", "problem"),
    [
        pytest.param(Caller(present=False), ClientDisconnected, id="the client left"),
        pytest.param(Caller(seconds=0), DeadlineExceeded, id="its time is over"),
    ],
)
def test_nothing_is_written_for_who_no_longer_waits(caller: Caller, problem: type[Problem]) -> None:
    aws = Aws()
    with pytest.raises(problem):
        router_on(aws, Runtime()).set_weight(asking_for(50), caller)
    assert aws.written == []


@pytest.mark.parametrize(
    ("seconds_left", "waited"),
    [pytest.param(7, 7, id="its time"), pytest.param(-0.5, 0, id="nothing of a time that is over")],
)
def test_a_call_whose_time_ends_in_the_queue_says_so(seconds_left: float, waited: float) -> None:
    waits = []

    class NeverFree(LastComeFirstServed):
        """For whoever waits with a limit, as calls do for a listener."""

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            if timeout == -1:
                return super().acquire(blocking, timeout)
            waits.append(timeout)
            return False

    class Busy(Runtime):
        def lock(self) -> Lock:
            return NeverFree()

    aws = Aws()
    with pytest.raises(DeadlineExceeded, match="another call to the same listener"):
        router_on(aws, Busy()).set_weight(asking_for(50), Caller(seconds_left))
    assert waits == [waited]
    assert aws.reads == 0


def test_a_lagging_read_after_our_own_write_does_not_pass_for_done() -> None:
    """25 was written, the read still shows 0, and 0 is asked: the read alone would say "nothing to do"."""
    aws = Aws()
    router = router_on(aws, Runtime())
    before = aws.rule
    router.set_weight(asking_for(25), Caller())
    landed, aws.rule = aws.rule, before
    aws.during_read = lambda: setattr(aws, "rule", landed)
    router.set_weight(asking_for(0), Caller())
    assert aws.written == [25, 0]


def test_a_write_without_an_answer_is_followed_by_another() -> None:
    aws = Aws(lose_answers=True)
    router = router_on(aws, Runtime())
    with pytest.raises(OutcomeUnknown):
        router.set_weight(asking_for(25), Caller())
    aws.lose_answers = False
    router.set_weight(asking_for(25), Caller())
    router.set_weight(asking_for(25), Caller())
    assert aws.written == [25, 25]


def test_a_verification_judges_by_its_own_read_alone() -> None:
    """Argo's pauses count from what AWS has, not from what this process remembers of its writes."""
    aws = Aws(lose_answers=True)
    router = router_on(aws, Runtime())
    with pytest.raises(OutcomeUnknown):
        router.set_weight(asking_for(25), Caller())
    assert canary_weight(aws.rule) == 25
    assert router.verify_weight(asking_for(25), Caller()).trouble is None
    assert isinstance(router.verify_weight(asking_for(0), Caller()).trouble, SharesDiffer)
    assert aws.reads == 3


def test_attaching_groups_is_stopped_by_no_newer_call_and_looked_for_once() -> None:
    aws = Aws()
    aws.rule = replace(aws.rule, forwards=(Forward(STABLE, 7),))
    runtime = Runtime()
    router = router_on(aws, runtime)
    runtime.seconds = 11  # before, another process may have just made a header rule
    router.remove_managed_routes(asking_for(0), Caller())
    router.remove_managed_routes(asking_for(0), Caller())
    assert aws.rule.forwards == (Forward(STABLE, 7), Forward(CANARY, 0))
    assert (aws.reads, aws.written) == (1, [0])


def test_a_refused_write_leaves_nothing_in_doubt() -> None:
    """Otherwise the abort that needs no write would send one, and fail as well."""

    class Locked(Aws):
        def write(self, rule: ListenerRule, call: Call) -> ListenerRule:  # noqa: ARG002  the port's form
            raise NotAllowed("elasticloadbalancing:ModifyRule", rule.arn, "no")

    aws = Locked()
    router = router_on(aws, Runtime())
    with pytest.raises(NotAllowed):
        router.set_weight(asking_for(25), Caller())
    assert [outcome.changed for outcome in router.set_weight(asking_for(0), Caller()).rules] == [False]


def test_foreign_weights_that_change_are_not_written_back() -> None:
    """Between our read and our write their owner may change them again."""
    aws = Aws()
    aws.rule = replace(aws.rule, forwards=(*aws.rule.forwards, Forward(FOREIGN, 100)))
    router = router_on(aws, Runtime())
    router.set_weight(asking_for(25), Caller())
    aws.rule = replace(aws.rule, forwards=(*aws.rule.forwards[:2], Forward(FOREIGN, 50)))
    router.set_weight(asking_for(25), Caller())
    assert aws.written == [25]


def test_a_lagging_read_is_not_attached_to() -> None:
    """50 was written, then 0; the read still shows 50 and lacks a group: writing it back would undo the 0."""
    aws = Aws()
    router = router_on(aws, Runtime())
    router.set_weight(asking_for(50), Caller())
    lagging = aws.rule
    router.set_weight(asking_for(0), Caller())
    aws.rule = lagging
    third = Config(rules=CONFIG.rules, target_groups={**CONFIG.target_groups, "was-experiment": FOREIGN})
    router.remove_managed_routes(replace(asking_for(0), config=third), Caller())
    assert aws.written == [50, 0]
