"""What this process wrote into rules, which groups it saw in them, and what it forgets."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown
from elbv2_trafficrouter.errors.call import Superseded
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule, Snapshot, SteeredRule
from elbv2_trafficrouter.routing.weights.apply import apply
from elbv2_trafficrouter.routing.weights.plan import Change, Plan
from elbv2_trafficrouter.routing.weights.written import AttachedGroups, LastWrites
from support.router.caller import Caller
from support.router.intents import CANARY, GROUPS, RULE, STABLE, WEB
from support.router.rules_in_memory import RulesInMemory
from support.router.runtime import Runtime

OTHER_RULE = Arn(f"{RULE}f")
STEERED, OTHER_STEERED = SteeredRule(RULE, GROUPS), SteeredRule(OTHER_RULE, GROUPS)
UNANSWERED = OutcomeUnknown("elasticloadbalancing:ModifyRule", RULE, "read timed out")
REFUSED = NotAllowed("elasticloadbalancing:ModifyRule", RULE, "no")


def with_weight(canary: int, arn: Arn = RULE) -> ListenerRule:
    return ListenerRule(arn, (Forward(STABLE, 100 - canary), Forward(CANARY, canary)), ())


def failing(problem: Problem) -> Callable[[], ListenerRule]:
    def write() -> ListenerRule:
        raise problem

    return write


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


# The last write to each rule


@pytest.fixture
def last_writes(runtime: Runtime) -> LastWrites:
    return LastWrites(runtime)


def test_of_a_rule_that_was_never_written_nothing_is_known(last_writes: LastWrites) -> None:
    last_writes.send(with_weight(0), lambda: with_weight(10))
    assert last_writes.of([OTHER_STEERED]) == {}


def test_an_answered_write_is_known_as_aws_answered_it(last_writes: LastWrites) -> None:
    assert last_writes.send(with_weight(0), lambda: with_weight(10)) == with_weight(10)
    assert last_writes.of([STEERED, OTHER_STEERED]) == {RULE: with_weight(10)}


def test_a_write_is_unanswered_while_it_is_being_sent(last_writes: LastWrites) -> None:
    last_writes.send(with_weight(0), lambda: with_weight(10))

    def write() -> ListenerRule:
        assert last_writes.of([STEERED]) == {RULE: None}
        return with_weight(20)

    last_writes.send(with_weight(0), write)
    assert last_writes.of([STEERED]) == {RULE: with_weight(20)}


def test_a_write_without_an_answer_stays_unanswered(last_writes: LastWrites) -> None:
    last_writes.send(with_weight(0), lambda: with_weight(10))
    with pytest.raises(OutcomeUnknown):
        last_writes.send(with_weight(0), failing(UNANSWERED))
    assert last_writes.of([STEERED]) == {RULE: None}


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(REFUSED, id="by AWS"),
        pytest.param(Superseded("SetWeight", "petclinic", "was"), id="before it was sent"),
    ],
)
def test_a_refused_write_restores_what_was_known_before(last_writes: LastWrites, refusal: Problem) -> None:
    with pytest.raises(type(refusal)):
        last_writes.send(with_weight(0), failing(refusal))
    assert last_writes.of([STEERED]) == {}
    last_writes.send(with_weight(0), lambda: with_weight(10))
    with pytest.raises(type(refusal)):
        last_writes.send(with_weight(0), failing(refusal))
    assert last_writes.of([STEERED]) == {RULE: with_weight(10)}


def test_a_refused_write_does_not_answer_the_one_before_it(last_writes: LastWrites) -> None:
    with pytest.raises(OutcomeUnknown):
        last_writes.send(with_weight(0), failing(UNANSWERED))
    with pytest.raises(NotAllowed):
        last_writes.send(with_weight(0), failing(REFUSED))
    assert last_writes.of([STEERED]) == {RULE: None}


@pytest.mark.parametrize(
    "write", [lambda: with_weight(10), failing(UNANSWERED)], ids=["answered", "unanswered"]
)
def test_a_write_is_forgotten_after_an_hour(
    last_writes: LastWrites, runtime: Runtime, write: Callable[[], ListenerRule]
) -> None:
    with suppress(OutcomeUnknown):
        last_writes.send(with_weight(0), write)
    runtime.seconds += 3600
    assert RULE in last_writes.of([STEERED])
    runtime.seconds += 1
    assert last_writes.of([STEERED]) == {}


def test_the_writes_of_rules_that_are_gone_are_forgotten(last_writes: LastWrites, runtime: Runtime) -> None:
    for number in range(1000):
        last_writes.send(with_weight(0, Arn(f"{RULE}{number:x}")), lambda: with_weight(10))
    assert len(last_writes) == 1000
    runtime.seconds += 3601
    last_writes.send(with_weight(0), lambda: with_weight(10))
    assert len(last_writes) == 1


# Reads that cannot show the last write yet


def read_of(rule: ListenerRule, began: float) -> Snapshot:
    return Snapshot({rule.arn: rule}, {listener_of(rule.arn): began})


def written_in_order(last_writes: LastWrites, runtime: Runtime, *weights: int) -> None:
    """Writes these weights, one second apart, from the first one on."""
    for before, after in pairwise(weights):
        runtime.seconds += 1
        last_writes.send(with_weight(before), partial(with_weight, after))


@pytest.mark.parametrize(
    ("shown", "began", "corrected"),
    [
        pytest.param(99, 1.5, 50, id="began before the write was answered"),
        pytest.param(25, 2.5, 50, id="shows the state before the write"),
        pytest.param(0, 2.5, 50, id="shows the state before the write before that"),
        pytest.param(50, 2.5, 50, id="shows the write"),
        pytest.param(99, 2.5, 99, id="shows somebody else's write"),
    ],
)
def test_a_read_that_cannot_show_the_last_write_is_corrected(
    last_writes: LastWrites, runtime: Runtime, shown: int, began: float, corrected: int
) -> None:
    written_in_order(last_writes, runtime, 0, 25, 50)
    runtime.seconds += 9
    read = read_of(with_weight(shown), began)
    assert last_writes.corrected(read) == read_of(with_weight(corrected), began)


def test_after_ten_seconds_a_read_that_shows_the_state_before_is_somebody_else_s_write(
    last_writes: LastWrites, runtime: Runtime
) -> None:
    written_in_order(last_writes, runtime, 0, 25)
    runtime.seconds += 11
    read = read_of(with_weight(0), runtime.seconds)
    assert last_writes.corrected(read) == read


def test_only_the_actions_are_corrected(last_writes: LastWrites, runtime: Runtime) -> None:
    written_in_order(last_writes, runtime, 0, 25)
    read = read_of(replace(with_weight(0), priority=7), runtime.seconds)
    assert last_writes.corrected(read).rules[RULE] == replace(with_weight(25), priority=7)


def test_an_unanswered_write_corrects_nothing(last_writes: LastWrites, runtime: Runtime) -> None:
    with pytest.raises(OutcomeUnknown):
        last_writes.send(with_weight(0), failing(UNANSWERED))
    read = read_of(with_weight(0), runtime.seconds - 1)
    assert last_writes.corrected(read) == read


# The groups of each rule


@pytest.fixture
def attached(runtime: Runtime) -> AttachedGroups:
    return AttachedGroups(runtime)


def test_the_groups_of_a_rule_are_unknown_until_they_are_recorded(attached: AttachedGroups) -> None:
    assert not attached.has_all(STEERED)
    attached.record(with_weight(0))
    assert attached.has_all(STEERED)
    assert not attached.has_all(OTHER_STEERED)


def test_a_group_that_the_rule_lacks_is_noticed(attached: AttachedGroups) -> None:
    attached.record(with_weight(0))
    assert not attached.has_all(SteeredRule(RULE, {**GROUPS, "was-experiment": WEB}))
    attached.record(replace(with_weight(0), forwards=(Forward(STABLE, 1),)))
    assert not attached.has_all(STEERED)


def test_the_groups_of_a_rule_are_forgotten_an_hour_after_the_last_record(
    attached: AttachedGroups, runtime: Runtime
) -> None:
    for _ in range(3):
        attached.record(with_weight(0))
        runtime.seconds += 3600
        assert attached.has_all(STEERED)
    runtime.seconds += 1
    assert not attached.has_all(STEERED)


def test_the_groups_of_rules_that_are_gone_are_forgotten(attached: AttachedGroups, runtime: Runtime) -> None:
    for number in range(1000):
        attached.record(with_weight(0, Arn(f"{RULE}{number:x}")))
    assert len(attached) == 1000
    runtime.seconds += 3601
    attached.record(with_weight(0))
    assert len(attached) == 1


# Writing a plan


def test_a_plan_is_written_in_its_order_and_remembered(
    last_writes: LastWrites, attached: AttachedGroups
) -> None:
    before, after, unchanged = with_weight(0), with_weight(10), with_weight(10, OTHER_RULE)
    aws = RulesInMemory({RULE: before, OTHER_RULE: unchanged})
    planned = Plan((unchanged, after), (Change(before, after),))
    outcomes = apply(
        planned,
        (OTHER_STEERED, STEERED),
        rules=aws,
        last_writes=last_writes,
        attached=attached,
        call=Caller(),
    )
    assert [(outcome.rule, outcome.steered, outcome.changed) for outcome in outcomes] == [
        (unchanged, OTHER_STEERED, False),
        (after, STEERED, True),
    ]
    assert aws.written == [after]
    assert last_writes.of([STEERED, OTHER_STEERED]) == {RULE: after}
    assert attached.has_all(STEERED)
    assert attached.has_all(OTHER_STEERED)


def test_a_plan_stops_at_the_first_write_that_fails(
    last_writes: LastWrites, attached: AttachedGroups
) -> None:
    rules = [with_weight(0), with_weight(0, OTHER_RULE)]
    aws = RulesInMemory({rule.arn: rule for rule in rules}, answers_writes=False)
    after = [with_weight(10), with_weight(10, OTHER_RULE)]
    planned = Plan(tuple(after), tuple(map(Change, rules, after)))
    with pytest.raises(OutcomeUnknown):
        apply(
            planned,
            (STEERED, OTHER_STEERED),
            rules=aws,
            last_writes=last_writes,
            attached=attached,
            call=Caller(),
        )
    assert aws.written == [after[0]]
    assert last_writes.of([STEERED, OTHER_STEERED]) == {RULE: None}
    assert not attached.has_all(STEERED)
