"""Calls of one Rollout that begin or end at the same time: they change the table of turns one by one."""

import threading
import time
from contextlib import ExitStack

import pytest

from elbv2_trafficrouter.errors.call import Superseded
from elbv2_trafficrouter.routing.turns import Subject, Turns
from support.router.caller import Caller
from support.router.intents import asking_for
from support.router.runtime import NewestFirstLock, Runtime
from support.threads import join, start

WAS = asking_for(10)


class OneLock(Runtime):
    """A runtime whose only lock a test can hold, as another call would."""

    def __init__(self) -> None:
        super().__init__()
        self.guard = NewestFirstLock(self)

    def lock(self) -> NewestFirstLock:
        return self.guard

    def wait_until_waiting_or(self, done: threading.Event) -> None:
        """Returns once a call waits for the lock, or has not waited and is done."""
        until = time.monotonic() + 30
        while not self.waiting and not done.wait(0.01):
            assert time.monotonic() < until


@pytest.fixture
def runtime() -> OneLock:
    return OneLock()


@pytest.fixture
def turns(runtime: OneLock) -> Turns:
    return Turns(runtime)


def test_a_call_begins_only_while_no_other_call_changes_the_table(turns: Turns, runtime: OneLock) -> None:
    """Otherwise two calls could get the same number, or an entry that is about to be deleted."""
    has_begun = threading.Event()

    def begin() -> None:
        with turns.begin(Subject.WEIGHTS, WAS, Caller()):
            has_begun.set()

    with runtime.guard:
        call = start(begin)
        runtime.wait_until_waiting_or(has_begun)
        assert not has_begun.is_set()
    join(call)
    assert has_begun.is_set()


def test_a_call_ends_only_while_no_other_call_changes_the_table(turns: Turns, runtime: OneLock) -> None:
    has_begun, may_end, has_ended = threading.Event(), threading.Event(), threading.Event()

    def begin_and_end() -> None:
        with turns.begin(Subject.WEIGHTS, WAS, Caller()):
            has_begun.set()
            assert may_end.wait(30)
        has_ended.set()

    call = start(begin_and_end)
    assert has_begun.wait(30)
    with runtime.guard:
        may_end.set()
        runtime.wait_until_waiting_or(has_ended)
        assert not has_ended.is_set()
    join(call)
    assert len(turns) == 0


def test_of_calls_that_begin_at_once_only_one_is_current(turns: Turns, runtime: OneLock) -> None:
    """All wait for the table, and go on at once."""
    have_begun = threading.Barrier(8)
    current = []

    def begin() -> None:
        with turns.begin(Subject.WEIGHTS, WAS, Caller()) as turn:
            have_begun.wait(30)
            try:
                turn.require_current()
            except Superseded:
                return
            finally:
                have_begun.wait(30)
            current.append(turn)

    with ExitStack() as held:
        held.enter_context(runtime.guard)
        calls = [start(begin) for _ in range(8)]
        runtime.wait_until_waiting(8)
    join(*calls)
    assert len(current) == 1
