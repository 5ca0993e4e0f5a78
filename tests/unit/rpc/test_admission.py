"""How far calls get at once."""

from contextlib import ExitStack
from typing import Any

import pytest

from elbv2_trafficrouter.errors.call import DeadlineExceeded, TooManyCalls
from elbv2_trafficrouter.rpc.admission import LARGE_BYTES, Admission, Receiving

SMALL, LARGE = LARGE_BYTES, LARGE_BYTES + 1


class AnyCall:
    """A call with a fixed time left."""

    def __init__(self, seconds: float = 10) -> None:
        self.seconds = seconds

    def seconds_left(self) -> float:
        return self.seconds


class Context:
    """A call that counts how often it was cancelled."""

    def __init__(self) -> None:
        self.cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1


def call(seconds: float = 10) -> Any:
    return AnyCall(seconds)


def context() -> Any:
    return Context()


def test_a_call_beyond_the_slots_waits_until_its_deadline() -> None:
    admission = Admission(admitted=3, working=1)
    with admission.working(call(), SMALL), pytest.raises(DeadlineExceeded), admission.working(call(0.01), 1):
        pass
    with admission.working(call(), SMALL):
        pass


def test_a_call_beyond_the_limit_is_refused() -> None:
    admission = Admission(admitted=1, working=1)
    with admission.working(call(), SMALL), pytest.raises(TooManyCalls), admission.working(call(), SMALL):
        pass
    with admission.working(call(), SMALL):
        pass


def test_two_large_messages_are_handled_at_once_and_small_ones_beside_them() -> None:
    admission = Admission(admitted=10, working=4, large=2)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(admission.working(call(), LARGE))
        with pytest.raises(DeadlineExceeded), admission.working(call(0.01), LARGE):
            pass
        for _ in range(2):
            stack.enter_context(admission.working(call(), SMALL))
    for _ in range(3):
        with admission.working(call(), LARGE):
            pass


def test_it_is_stuck_while_every_slot_has_a_call_past_its_deadline() -> None:
    admission = Admission(admitted=10, working=2)
    first, second = call(-1), call()
    assert not admission.is_stuck()
    with admission.working(first, SMALL):
        assert not admission.is_stuck(), "there is a free slot"
        with admission.working(second, SMALL):
            assert not admission.is_stuck(), "one has time left"
            second.seconds = 0
            assert admission.is_stuck()
        assert not admission.is_stuck()


def test_calls_without_their_message_are_cancelled_when_they_are_late() -> None:
    receiving, late = Receiving(), context()
    with receiving.counted(late):
        receiving.cancel_late(10)
        assert late.cancelled == 0
        receiving.cancel_late(0)
        assert late.cancelled == 1
    receiving.cancel_late(0)
    assert late.cancelled == 1, "it has its message"


def test_calls_without_their_message_are_limited() -> None:
    receiving = Receiving(limit=1)
    with receiving.counted(context()), pytest.raises(TooManyCalls), receiving.counted(context()):
        pass
    with receiving.counted(context()):
        pass
