"""Which of several calls wins, which calls write nothing any more, and what reads may not decide."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded, Superseded
from elbv2_trafficrouter.errors.rules import SharesDiffer
from elbv2_trafficrouter.rollout.config import Config, NamedRule
from elbv2_trafficrouter.rollout.intent import Intent, ManagedRoutes
from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule
from elbv2_trafficrouter.routing.turns import Turn
from support.router.caller import Caller
from support.router.intents import CANARY, LISTENER, RULE, STABLE, WEB, asking_for, configuration
from support.router.rules_in_memory import RulesInMemory
from support.router.runtime import NewestFirstLock, Runtime
from support.router.update import BETA
from support.threads import join, start

OTHER = Arn(WEB.replace("web", "web-canary"))
Method = Callable[[Intent, Caller], object]

BEFORE = ListenerRule(RULE, (Forward(STABLE, 100), Forward(CANARY, 0)), ())


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def aws() -> RulesInMemory:
    return RulesInMemory({RULE: BEFORE})


@pytest.fixture
def router(aws: RulesInMemory, runtime: Runtime) -> Router:
    return Router(aws.elbv2, runtime, Installation())


def canary_weight(rule: ListenerRule) -> int:
    return next(forward.weight for forward in rule.forwards if forward.group == CANARY)


def written(aws: RulesInMemory) -> list[int]:
    """The canary's weights in the order in which they were written."""
    return [canary_weight(rule) for rule in aws.written]


@pytest.mark.parametrize(
    ("protected", "last"), [pytest.param(True, 0, id="protected"), pytest.param(False, 50, id="the harm")]
)
def test_a_rise_that_an_abort_superseded_writes_nothing(
    router: Router,
    aws: RulesInMemory,
    runtime: Runtime,
    protected: bool,
    last: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both arrive while another Rollout's write holds the listener's lock. The rise gets the lock last."""
    if not protected:
        monkeypatch.setattr(Turn, "require_current", lambda *_: None)
    failures, threads = [], []

    def set_weight(weight: int) -> None:
        try:
            router.set_weight(asking_for(weight), Caller())
        except Problem as problem:
            failures.append(type(problem))

    def both_arrive() -> None:
        for number, weight in enumerate((50, 0), 1):
            threads.append(start(set_weight, weight))
            runtime.wait_until_waiting(number)

    aws.during["ModifyRule of weights"] = both_arrive
    router.set_weight(asking_for(10, rollout="other"), Caller())
    join(*threads)
    assert canary_weight(aws.rules[RULE]) == last
    assert failures == ([Superseded] if protected else [])


@pytest.mark.parametrize(
    ("caller", "problem"),
    [
        pytest.param(Caller(present=False), ClientDisconnected, id="the client disconnected"),
        pytest.param(Caller(seconds=0), DeadlineExceeded, id="the deadline has passed"),
    ],
)
def test_nothing_is_written_for_a_client_that_no_longer_waits(
    router: Router, aws: RulesInMemory, caller: Caller, problem: type[Problem]
) -> None:
    with pytest.raises(problem):
        router.set_weight(asking_for(50), caller)
    assert aws.calls == []


@pytest.mark.parametrize(
    ("seconds_left", "timeout"),
    [
        pytest.param(7, 7, id="until its deadline"),
        pytest.param(-0.5, 0, id="not at all if the reads took until its deadline"),
    ],
)
def test_a_call_waits_for_a_busy_listener_until_its_deadline(
    aws: RulesInMemory, seconds_left: float, timeout: float
) -> None:
    timeouts = []

    class BusyLock(NewestFirstLock):
        """Never free for an acquire with a timeout, which is how calls wait for a listener."""

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            if timeout == -1:
                return super().acquire(blocking, timeout)
            timeouts.append(timeout)
            caller.seconds -= timeout or 1
            return False

    class BusyRuntime(Runtime):
        def lock(self) -> NewestFirstLock:
            return BusyLock(self)

    router, caller = Router(aws.elbv2, BusyRuntime(), Installation()), Caller()
    aws.during["DescribeTags for access"] = lambda: setattr(caller, "seconds", seconds_left)
    with pytest.raises(DeadlineExceeded, match="another call to the same listener"):
        router.set_weight(asking_for(50), caller)
    assert sum(timeouts) == timeout
    assert aws.calls == ["DescribeRules", "DescribeTags for access"]


def test_a_lagging_read_does_not_prove_that_nothing_is_to_be_written(
    router: Router, aws: RulesInMemory
) -> None:
    """25 was written and the read still shows 0, so a request for 0 looks as if it were done already."""
    router.set_weight(asking_for(25), Caller())
    aws.lagging = {RULE: BEFORE}
    router.set_weight(asking_for(0), Caller())
    assert written(aws) == [25, 0]


def test_an_unanswered_write_is_followed_by_another(router: Router, aws: RulesInMemory) -> None:
    aws.answers_writes = False
    with pytest.raises(OutcomeUnknown):
        router.set_weight(asking_for(25), Caller())
    aws.answers_writes = True
    router.set_weight(asking_for(25), Caller())
    router.set_weight(asking_for(25), Caller())
    assert written(aws) == [25, 25]


def test_a_verification_relies_on_its_own_read_alone(router: Router, aws: RulesInMemory) -> None:
    """Argo's pauses count from what AWS has, not from what this process remembers of its writes."""
    aws.answers_writes = False
    with pytest.raises(OutcomeUnknown):
        router.set_weight(asking_for(25), Caller())
    assert canary_weight(aws.rules[RULE]) == 25
    assert router.verify_weight(asking_for(25), Caller()).trouble is None
    assert isinstance(router.verify_weight(asking_for(0), Caller()).trouble, SharesDiffer)
    assert aws.count("DescribeRules") == 3


def test_groups_are_attached_once_and_then_not_looked_up(
    router: Router, aws: RulesInMemory, runtime: Runtime
) -> None:
    aws.rules[RULE] = replace(BEFORE, forwards=(Forward(STABLE, 7),))
    runtime.seconds = 11  # in its first 10 s, a process does not rely on a read without header rules
    router.remove_managed_routes(asking_for(0), Caller())
    router.remove_managed_routes(asking_for(0), Caller())
    assert aws.rules[RULE].forwards == (Forward(STABLE, 7), Forward(CANARY, 0))
    assert (aws.count("DescribeRules"), written(aws)) == (
        2,
        [0],
    )  # a write needs a read that began after the call


def test_after_a_refused_write_a_call_that_needs_no_write_sends_none(
    router: Router, aws: RulesInMemory
) -> None:
    """Otherwise the abort that needs no write would send one, and fail as well."""
    aws.refusals["ModifyRule of weights"] = NotAllowed("elasticloadbalancing:ModifyRule", RULE, "no")
    with pytest.raises(NotAllowed):
        router.set_weight(asking_for(25), Caller())
    assert [outcome.changed for outcome in router.set_weight(asking_for(0), Caller()).rules] == [False]


def test_foreign_weights_that_changed_are_not_written_back(router: Router, aws: RulesInMemory) -> None:
    """Between our read and our write their owner may change them again."""
    aws.rules[RULE] = replace(BEFORE, forwards=(*BEFORE.forwards, Forward(WEB, 100)))
    router.set_weight(asking_for(25), Caller())
    rule = aws.rules[RULE]
    aws.rules[RULE] = replace(rule, forwards=(*rule.forwards[:2], Forward(WEB, 50)))
    router.set_weight(asking_for(25), Caller())
    assert written(aws) == [25]


def test_a_group_is_attached_to_the_last_write_if_the_read_lags(router: Router, aws: RulesInMemory) -> None:
    """50 was written, then 0; the read still shows 50 and lacks a group: writing it back would undo the 0."""
    router.set_weight(asking_for(50), Caller())
    aws.lagging = dict(aws.rules)
    router.set_weight(asking_for(0), Caller())
    with_experiment = configuration(groups={"was-experiment": WEB})
    router.remove_managed_routes(asking_for(0, config=with_experiment), Caller())
    assert written(aws) == [50, 0, 0]
    assert aws.rules[RULE].forwards == (Forward(STABLE, 100), Forward(CANARY, 0), Forward(WEB, 0))


# What is decided outside of the locks


def test_a_write_is_not_decided_on_an_old_read(router: Router, aws: RulesInMemory, runtime: Runtime) -> None:
    """Somebody else may have changed the rule while the call waited for its share of AWS's API limits."""
    aws.rules[RULE] = replace(BEFORE, forwards=(*BEFORE.forwards, Forward(WEB, 100)))

    def wait(seconds: float) -> None:
        runtime.seconds += seconds
        aws.rules[RULE] = replace(BEFORE, forwards=(*BEFORE.forwards, Forward(WEB, 50)))

    aws.while_reserving = lambda: wait(3.1)
    router.set_weight(asking_for(50), Caller())
    assert aws.rules[RULE].forwards[2] == Forward(WEB, 50)
    assert aws.calls == [
        "DescribeRules",
        "DescribeTags for access",
        "DescribeRules",
        "ModifyRule of weights",
    ]


def test_two_calls_that_read_the_same_state_write_one_after_the_other(
    router: Router, aws: RulesInMemory
) -> None:
    """Each Rollout has its groups in the rule. The second write must keep what the first one wrote."""
    mine, theirs = (
        asking_for(50),
        asking_for(
            40, rollout="other", config=Config((NamedRule(RULE),), {"was-stable": WEB, "was-canary": OTHER})
        ),
    )
    aws.rules[RULE] = replace(
        BEFORE, forwards=(Forward(STABLE, 100), Forward(CANARY, 0), Forward(WEB, 100), Forward(OTHER, 0))
    )
    aws.while_reserving = lambda: router.set_weight(theirs, Caller())
    router.set_weight(mine, Caller())
    assert aws.rules[RULE].forwards == (
        Forward(STABLE, 50),
        Forward(CANARY, 50),
        Forward(WEB, 60),
        Forward(OTHER, 40),
    )


def test_no_lock_is_held_while_a_call_waits_for_its_share_of_the_limits(
    router: Router, aws: RulesInMemory
) -> None:
    """Otherwise an abort would wait for the listener as long as the rise waits for its tokens."""
    aws.while_reserving = lambda: router.set_weight(asking_for(0, rollout="aborted"), Caller(seconds=0.1))
    router.set_weight(asking_for(50), Caller())
    assert written(aws) == [50]
    assert aws.reserved == [0, 0, 1, 0]


def test_a_repeated_call_needs_no_fresh_read(router: Router, aws: RulesInMemory, runtime: Runtime) -> None:
    runtime.seconds = 100
    for weight in (25, 25, 50):
        router.set_weight(asking_for(weight), Caller())
    assert aws.since == [100, 98, 100]


def test_a_repeated_verification_needs_no_fresh_read(
    router: Router, aws: RulesInMemory, runtime: Runtime
) -> None:
    """The controller's loop after an abort asks dozens of times a second."""
    router.set_weight(asking_for(25), Caller())
    runtime.seconds = 100
    for weight in (25, 25, 50, 25):
        router.verify_weight(asking_for(weight), Caller())
    assert aws.since == [0, 100, 98, 100, 100]


def test_a_verification_uses_no_read_from_before_a_write(
    router: Router, aws: RulesInMemory, runtime: Runtime
) -> None:
    runtime.seconds = 100
    for seconds in (0, 1):
        runtime.seconds += seconds
        router.set_weight(asking_for(25), Caller())
        router.verify_weight(asking_for(25), Caller())
        router.set_weight(asking_for(50), Caller())
    router.set_weight(asking_for(25), Caller())
    router.verify_weight(asking_for(25), Caller())
    assert aws.since[-1] == 101


@pytest.mark.parametrize("refused", [False, True])
def test_every_call_leaves_its_seat_when_it_ends(router: Router, aws: RulesInMemory, refused: bool) -> None:
    if refused:
        aws.refusals["DescribeRules"] = NotAllowed("elasticloadbalancing:DescribeRules", LISTENER, "no")
    under_way = asking_for(10, managed_routes=ManagedRoutes(("beta",), (BETA,), may_exist=True))

    def set_header_route(intent: Intent, call: Caller) -> object:
        return router.set_header_route(intent, BETA, call)

    methods: list[Method] = [
        router.set_weight,
        router.verify_weight,
        set_header_route,
        router.remove_managed_routes,
    ]
    calls = [Caller() for _ in methods]
    for call, send in zip(calls, methods, strict=True):
        with suppress(NotAllowed):
            send(under_way, call)
    assert aws.begun == aws.ended == calls


def test_a_removal_is_not_refused_because_of_a_read_from_before_a_correction(
    router: Router, aws: RulesInMemory, runtime: Runtime
) -> None:
    """Somebody corrects the rule, and the next call is a moment later."""
    runtime.seconds = 100
    correct = dict(aws.rules)
    aws.lagging = {RULE: replace(BEFORE, forwards=(Forward(WEB, 1),))}

    def correction() -> None:
        aws.lagging = correct

    aws.during["DescribeRules"] = correction
    router.remove_managed_routes(asking_for(0), Caller())
    assert aws.count("DescribeRules") == 2
