"""What a process remembers of header rules, and for how long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown
from elbv2_trafficrouter.errors.managed_routes import HeaderRouteMissing
from elbv2_trafficrouter.routing.headers.recent import Canary, HeaderMemory
from elbv2_trafficrouter.routing.outcome import HeaderOutcome
from elbv2_trafficrouter.routing.ownership import Installation, Owner
from elbv2_trafficrouter.routing.ports import Mutex
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER, OTHER_LISTENER = (
    Arn(f"{OWNER}:listener/app/petclinic/50dc/{number}") for number in ("9f2a", "9f2b")
)
WAS = Owner(Installation(), "petclinic", "was", "0b2f")
SHOP = Owner(Installation(), "petclinic", "shop", "0b30")


class Runtime:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        return self.seconds

    def mutex(self) -> Mutex:
        return threading.Lock()


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def memory(runtime: Runtime) -> HeaderMemory:
    return HeaderMemory(runtime)


def rule(number: str, listener: str = "9f2a", priority: int = 9) -> ListenerRule:
    return ListenerRule(
        Arn(f"{OWNER}:listener-rule/app/petclinic/50dc/{listener}/{number}"), (), (), priority=priority
    )


def outcome(one: ListenerRule, route: str = "beta") -> HeaderOutcome:
    return HeaderOutcome(route, one, changed=True)


def snapshot(*rules: ListenerRule) -> Snapshot:
    return Snapshot({one.arn: one for one in rules})


# The canary's pods


def test_a_fresh_process_knows_nothing_of_the_canary(memory: HeaderMemory) -> None:
    assert memory.canary_of(WAS) is Canary.UNKNOWN


def test_the_last_call_tells_of_the_canary(memory: HeaderMemory) -> None:
    memory.routes_removed(WAS)
    assert memory.canary_of(WAS) is Canary.ABSENT
    memory.reconcile_ended(WAS)
    assert memory.canary_of(WAS) is Canary.PRESENT
    assert memory.canary_of(SHOP) is Canary.UNKNOWN


# Troubles


def test_a_trouble_stays_until_there_is_none(memory: HeaderMemory) -> None:
    trouble, share = HeaderRouteMissing("beta", "rule"), Fraction(1, 4)
    memory.fell_short(WAS, trouble)
    assert (memory.trouble_with(WAS, share), memory.trouble_with(SHOP, share)) == (trouble, None)
    memory.fell_short(WAS, None)
    assert memory.trouble_with(WAS, share) is None


@pytest.mark.parametrize(
    ("share", "matters"),
    [
        pytest.param(Fraction(1, 4), True, id="at a step"),
        pytest.param(Fraction(1), False, id="at the maximum"),
    ],
)
def test_promotion_waits_for_no_header_route(memory: HeaderMemory, share: Fraction, matters: bool) -> None:
    memory.fell_short(WAS, HeaderRouteMissing("beta", "rule"))
    assert (memory.trouble_with(WAS, share) is not None) is matters


@pytest.mark.parametrize(
    ("share", "matters"),
    [pytest.param(Fraction(0), True, id="at 0"), pytest.param(Fraction(1, 4), False, id="in an update")],
)
def test_what_could_not_be_removed_is_a_trouble_when_the_canary_has_nothing(
    memory: HeaderMemory, share: Fraction, matters: bool
) -> None:
    memory.removal_failed(WAS, trouble := NotAllowed("elasticloadbalancing:DeleteRule", "rule", "no"))
    assert memory.trouble_with(WAS, share) is (trouble if matters else None)
    memory.removal_is_over(WAS)
    assert memory.trouble_with(WAS, share) is None


def test_what_this_process_made_stays_known_until_it_is_deleted(
    memory: HeaderMemory, runtime: Runtime
) -> None:
    one = rule("1")
    memory.made(WAS, outcome(one))
    runtime.seconds += 1000
    assert memory.ours(WAS) == {one.arn}
    assert not memory.ours(SHOP)
    memory.deleted(WAS, one.arn)
    assert not memory.ours(WAS)


def test_rules_are_gone_with_their_listener(memory: HeaderMemory) -> None:
    here, there = rule("1"), rule("2", "9f2b")
    for one in (here, there):
        memory.made(WAS, outcome(one))
    memory.gone_with(WAS, LISTENER)
    assert memory.ours(WAS) == {there.arn}


# Reads that lag


def test_what_was_made_is_there_for_10_s_whatever_a_read_says(memory: HeaderMemory, runtime: Runtime) -> None:
    one = rule("1")
    memory.made(WAS, outcome(one))
    runtime.seconds += 10
    assert memory.corrected(snapshot(), [LISTENER]) == {one.arn: one}
    assert memory.made_for(WAS) == {one.arn: "beta"}
    assert memory.made_for(SHOP) == {}
    runtime.seconds += 1
    assert memory.corrected(snapshot(), [LISTENER]) == {}
    assert memory.made_for(WAS) == {}


def test_what_was_changed_is_as_it_was_changed(memory: HeaderMemory) -> None:
    before, after = rule("1", priority=8), rule("1")
    memory.made(WAS, outcome(after))
    assert memory.corrected(snapshot(before), [LISTENER]) == {after.arn: after}


def test_what_was_deleted_is_gone_for_30_s_whatever_a_read_says(
    memory: HeaderMemory, runtime: Runtime
) -> None:
    one, other = rule("1"), rule("2")
    memory.made(WAS, outcome(one))
    memory.deleted(WAS, one.arn)
    assert memory.made_for(WAS) == {}
    runtime.seconds += 30
    assert memory.corrected(snapshot(one, other), [LISTENER]) == {other.arn: other}
    runtime.seconds += 1
    assert memory.corrected(snapshot(one, other), [LISTENER]) == {one.arn: one, other.arn: other}


def test_rules_of_other_listeners_are_not_put_in(memory: HeaderMemory) -> None:
    here, there = rule("1"), rule("2", "9f2b")
    memory.made(WAS, outcome(here))
    memory.made(WAS, outcome(there))
    assert memory.corrected(snapshot(), [OTHER_LISTENER]) == {there.arn: there}


# Creates without an answer


@contextmanager
def unanswered(memory: HeaderMemory, route: str = "beta") -> Iterator[OutcomeUnknown]:
    unknown = OutcomeUnknown("elasticloadbalancing:CreateRule", LISTENER, "read timed out")
    with pytest.raises(OutcomeUnknown), memory.creating(WAS, route):
        raise unknown
    yield unknown


def test_an_unanswered_create_may_be_done_for_30_s(memory: HeaderMemory, runtime: Runtime) -> None:
    with unanswered(memory) as unknown:
        runtime.seconds += 30
        assert memory.unanswered(WAS) is unknown
        assert memory.unanswered(SHOP) is None
        runtime.seconds += 1
        assert memory.unanswered(WAS) is None


def test_it_is_waited_for_no_more_when_its_rule_was_seen(memory: HeaderMemory) -> None:
    with unanswered(memory, "beta"), unanswered(memory, "internal") as second:
        memory.landed(WAS, "beta")
        assert memory.unanswered(WAS) is second
        memory.made(WAS, outcome(rule("1"), "internal"))
        assert memory.unanswered(WAS) is None


def test_a_refused_create_is_not_waited_for(memory: HeaderMemory) -> None:
    with pytest.raises(NotAllowed), memory.creating(WAS, "beta"):
        raise NotAllowed("elasticloadbalancing:CreateRule", LISTENER, "no")
    assert memory.unanswered(WAS) is None


# Whether there are any


def test_a_look_that_found_none_counts_for_15_s(memory: HeaderMemory, runtime: Runtime) -> None:
    assert not memory.knows_of_none(WAS)
    runtime.seconds += 11
    memory.saw_none(WAS)
    runtime.seconds += 14
    assert memory.knows_of_none(WAS)
    assert not memory.knows_of_none(SHOP)
    runtime.seconds += 1
    assert not memory.knows_of_none(WAS)


def test_a_look_of_a_processs_first_10_s_does_not_count(memory: HeaderMemory, runtime: Runtime) -> None:
    """It may not show yet what the process before it has made."""
    runtime.seconds += 10
    memory.saw_none(WAS)
    assert not memory.knows_of_none(WAS)


def test_a_look_does_not_count_while_a_create_is_unanswered(memory: HeaderMemory, runtime: Runtime) -> None:
    runtime.seconds += 11
    with unanswered(memory):
        memory.saw_none(WAS)
        assert not memory.knows_of_none(WAS)


@pytest.mark.parametrize("answered", [True, False])
def test_a_create_ends_the_knowledge_of_none(memory: HeaderMemory, runtime: Runtime, answered: bool) -> None:
    runtime.seconds += 11
    memory.saw_none(WAS)
    if answered:
        with memory.creating(WAS, "beta"):
            assert not memory.knows_of_none(WAS)
    else:
        with unanswered(memory):
            pass
    assert not memory.knows_of_none(WAS)
