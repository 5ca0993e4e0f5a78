"""Header rules that this process created and deleted, while reads may not show it yet."""

from collections.abc import Callable

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown
from elbv2_trafficrouter.routing.headers.recent import RecentRules
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome
from elbv2_trafficrouter.routing.ownership import Installation, Owner
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot
from support.router.runtime import Runtime
from support.threads import join, start

ACCOUNT = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER, OTHER_LISTENER = (
    Arn(f"{ACCOUNT}:listener/app/petclinic/50dc/{number}") for number in ("9f2a", "9f2b")
)
WAS = Owner(Installation(), "petclinic", "was", "0b2f")
SHOP = Owner(Installation(), "petclinic", "shop", "0b30")


@pytest.fixture
def runtime() -> Runtime:
    return Runtime(1000.0)


@pytest.fixture
def recent(runtime: Runtime) -> RecentRules:
    return RecentRules(runtime)


def rule(number: str, listener: str = "9f2a", priority: int = 9) -> ListenerRule:
    return ListenerRule(
        Arn(f"{ACCOUNT}:listener-rule/app/petclinic/50dc/{listener}/{number}"), (), (), priority=priority
    )


def outcome(of: ListenerRule, route: str = "beta") -> HeaderRuleOutcome:
    return HeaderRuleOutcome(route, of, changed=True)


def snapshot(*rules: ListenerRule) -> Snapshot:
    return Snapshot({each.arn: each for each in rules}, {})


def test_a_rule_created_here_stays_known_until_it_is_deleted(recent: RecentRules, runtime: Runtime) -> None:
    created = rule("1")
    recent.record_write(WAS, outcome(created))
    runtime.seconds += 1000
    assert recent.created_here(WAS) == {created.arn}
    assert not recent.created_here(SHOP)
    recent.record_delete(WAS, created.arn)
    assert not recent.created_here(WAS)


def test_rules_are_forgotten_with_their_listener(recent: RecentRules) -> None:
    here, there = rule("1"), rule("2", "9f2b")
    for created in (here, there):
        recent.record_write(WAS, outcome(created))
    recent.forget_listener(WAS, LISTENER)
    assert recent.created_here(WAS) == {there.arn}


# Reads that lag


def test_a_created_rule_is_in_every_read_for_10_s(recent: RecentRules, runtime: Runtime) -> None:
    created = rule("1")
    recent.record_write(WAS, outcome(created))
    runtime.seconds += 10
    assert recent.corrected(snapshot(), [LISTENER]) == {created.arn: created}
    assert recent.routes_of_created(WAS) == {created.arn: "beta"}
    assert recent.routes_of_created(SHOP) == {}
    runtime.seconds += 1
    assert recent.corrected(snapshot(), [LISTENER]) == {}
    assert recent.routes_of_created(WAS) == {}


def test_a_changed_rule_is_read_as_it_was_changed(recent: RecentRules) -> None:
    before, after = rule("1", priority=8), rule("1")
    recent.record_write(WAS, outcome(after))
    assert recent.corrected(snapshot(before), [LISTENER]) == {after.arn: after}


def test_a_deleted_rule_is_in_no_read_for_30_s(recent: RecentRules, runtime: Runtime) -> None:
    created, other = rule("1"), rule("2")
    recent.record_write(WAS, outcome(created))
    recent.record_delete(WAS, created.arn)
    assert recent.routes_of_created(WAS) == {}
    runtime.seconds += 30
    assert recent.corrected(snapshot(created, other), [LISTENER]) == {other.arn: other}
    runtime.seconds += 1
    assert recent.corrected(snapshot(created, other), [LISTENER]) == {created.arn: created, other.arn: other}


def test_rules_of_other_listeners_are_left_out(recent: RecentRules) -> None:
    here, there = rule("1"), rule("2", "9f2b")
    recent.record_write(WAS, outcome(here))
    recent.record_write(WAS, outcome(there))
    assert recent.corrected(snapshot(), [OTHER_LISTENER]) == {there.arn: there}


# Creates without an answer


def failing(problem: Problem) -> Callable[[], ListenerRule]:
    def create() -> ListenerRule:
        raise problem

    return create


def unanswered(recent: RecentRules, route: str = "beta") -> OutcomeUnknown:
    unknown = OutcomeUnknown("elasticloadbalancing:CreateRule", LISTENER, "read timed out")
    with pytest.raises(OutcomeUnknown):
        recent.send_create(WAS, route, failing(unknown))
    return unknown


def test_an_unanswered_create_may_be_done_for_30_s(recent: RecentRules, runtime: Runtime) -> None:
    unknown = unanswered(recent)
    runtime.seconds += 30
    assert recent.unanswered_create(WAS) is unknown
    assert recent.unanswered_create(SHOP) is None
    runtime.seconds += 1
    assert recent.unanswered_create(WAS) is None


def test_an_unanswered_create_is_done_once_its_rule_is_seen(recent: RecentRules) -> None:
    unanswered(recent, "beta")
    second = unanswered(recent, "internal")
    recent.confirm_create(WAS, "beta")
    assert recent.unanswered_create(WAS) is second
    recent.record_write(WAS, outcome(rule("1"), "internal"))
    assert recent.unanswered_create(WAS) is None


def test_a_refused_create_is_not_done_later(recent: RecentRules) -> None:
    refused = NotAllowed("elasticloadbalancing:CreateRule", LISTENER, "no")
    with pytest.raises(NotAllowed):
        recent.send_create(WAS, "beta", failing(refused))
    assert recent.unanswered_create(WAS) is None


# Whether there are rules at all


def test_a_read_that_found_none_counts_for_15_s(recent: RecentRules, runtime: Runtime) -> None:
    assert not recent.has_none(WAS)
    runtime.seconds += 11
    recent.record_none(WAS)
    runtime.seconds += 15
    assert recent.has_none(WAS)
    assert not recent.has_none(SHOP)
    runtime.seconds += 1
    assert not recent.has_none(WAS)


def test_a_read_of_the_first_10_s_of_a_process_does_not_count(recent: RecentRules, runtime: Runtime) -> None:
    """It may not show yet what the process before this one created."""
    runtime.seconds += 10
    recent.record_none(WAS)
    assert not recent.has_none(WAS)


def test_a_read_does_not_count_while_a_create_is_unanswered(recent: RecentRules, runtime: Runtime) -> None:
    runtime.seconds += 11
    unanswered(recent)
    recent.record_none(WAS)
    assert not recent.has_none(WAS)


@pytest.mark.parametrize("answered", [True, False])
def test_there_may_be_a_rule_from_the_moment_a_create_is_sent(
    recent: RecentRules, runtime: Runtime, answered: bool
) -> None:
    runtime.seconds += 11
    recent.record_none(WAS)

    def create() -> ListenerRule:
        assert not recent.has_none(WAS)
        return rule("1")

    if answered:
        recent.send_create(WAS, "beta", create)
    else:
        unanswered(recent)
    assert not recent.has_none(WAS)


# Bounds


def test_a_rollout_that_is_gone_is_forgotten(recent: RecentRules, runtime: Runtime) -> None:
    runtime.seconds += 11
    recent.record_none(WAS)
    recent.record_write(WAS, outcome(rule("1")))
    recent.record_delete(WAS, rule("2").arn)
    unanswered(recent)
    assert len(recent) > 0
    runtime.seconds += 3601
    assert len(recent) == 0


def test_the_rules_of_a_rollout_with_calls_stay_known(recent: RecentRules, runtime: Runtime) -> None:
    """A canary may stay at a step for days."""
    recent.record_write(WAS, outcome(rule("1")))
    for _ in range(100):
        runtime.seconds += 3600
        assert recent.created_here(WAS) == {rule("1").arn}


def test_calls_on_two_listeners_lose_none_of_a_rollouts_rules(recent: RecentRules) -> None:
    """The Rollout names another listener while a call on the former listener is still at work."""

    def create(listener: str) -> None:
        for number in range(200):
            recent.record_write(WAS, outcome(rule(f"{number:x}", listener)))

    join(*[start(create, listener) for listener in ("9f2a", "9f2b")])
    assert len(recent.created_here(WAS)) == 400
