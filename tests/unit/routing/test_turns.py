"""Which call of a Rollout is the newest, and what is left of calls that have ended."""

from contextlib import ExitStack

import pytest

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded, Superseded
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.turns import Subject, Turns
from support.router.caller import Caller
from support.router.intents import asking_for
from support.router.runtime import Runtime

WAS = asking_for(10)


@pytest.fixture
def turns() -> Turns:
    return Turns(Runtime())


def test_a_newer_call_supersedes_all_older_ones(turns: Turns) -> None:
    with ExitStack() as calls:
        older = [calls.enter_context(turns.begin(Subject.WEIGHTS, WAS, Caller())) for _ in range(3)]
        newest = calls.enter_context(turns.begin(Subject.WEIGHTS, WAS, Caller()))
        newest.require_current()
        for turn in older:
            with pytest.raises(Superseded) as caught:
                turn.require_current()
            assert caught.value.sentence.startswith("Superseded by a newer SetWeight for this Rollout")
            assert caught.value.metadata == {"namespace": "petclinic", "rollout": "was"}


@pytest.mark.parametrize(
    ("subject", "other"),
    [
        pytest.param(Subject.WEIGHTS, asking_for(10, rollout="shop"), id="another Rollout"),
        pytest.param(Subject.WEIGHTS, asking_for(10, namespace="shop"), id="another namespace"),
        pytest.param(Subject.MANAGED_ROUTES, WAS, id="another subject"),
    ],
)
def test_a_call_about_something_else_supersedes_nothing(
    turns: Turns, subject: Subject, other: Intent
) -> None:
    with turns.begin(Subject.WEIGHTS, WAS, Caller()) as turn, turns.begin(subject, other, Caller()):
        turn.require_current()


def test_a_call_that_joins_supersedes_nothing_and_is_superseded_by_the_next(turns: Turns) -> None:
    with (
        turns.begin(Subject.MANAGED_ROUTES, WAS, Caller()) as first,
        turns.join(Subject.MANAGED_ROUTES, WAS, Caller()) as joined,
    ):
        first.require_current()
        joined.require_current()
        with turns.begin(Subject.MANAGED_ROUTES, WAS, Caller()):
            for turn in (first, joined):
                with pytest.raises(Superseded):
                    turn.require_current()


def test_a_call_that_joins_before_any_other_is_superseded_by_the_first(turns: Turns) -> None:
    with (
        turns.join(Subject.MANAGED_ROUTES, WAS, Caller()) as joined,
        turns.begin(Subject.MANAGED_ROUTES, WAS, Caller()),
        pytest.raises(Superseded),
    ):
        joined.require_current()


def test_an_older_call_stays_superseded_when_the_newer_one_has_ended(turns: Turns) -> None:
    with turns.begin(Subject.WEIGHTS, WAS, Caller()) as older:
        with turns.begin(Subject.WEIGHTS, WAS, Caller()):
            pass
        with pytest.raises(Superseded):
            older.require_current()


@pytest.mark.parametrize(
    ("caller", "problem"),
    [
        pytest.param(Caller(present=False), ClientDisconnected, id="the client disconnected"),
        pytest.param(Caller(seconds=0), DeadlineExceeded, id="the deadline has passed"),
    ],
)
def test_a_turn_is_not_current_without_a_client_that_waits(
    turns: Turns, caller: Caller, problem: type[Problem]
) -> None:
    with turns.begin(Subject.WEIGHTS, WAS, caller) as turn, pytest.raises(problem):
        turn.require_current()


def test_nothing_stays_of_calls_that_have_ended(turns: Turns) -> None:
    for number in range(1000):
        with (
            turns.begin(Subject.WEIGHTS, asking_for(10, rollout=f"was-{number}"), Caller()),
            turns.join(Subject.MANAGED_ROUTES, asking_for(10, rollout=f"was-{number}"), Caller()),
        ):
            assert len(turns) == 2
    assert len(turns) == 0
