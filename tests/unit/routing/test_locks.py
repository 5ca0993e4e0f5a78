"""One lock for each listener, and what is left of it when no call uses it."""

from contextlib import ExitStack

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.call import DeadlineExceeded
from elbv2_trafficrouter.routing.locks import Locks
from support.router.caller import Caller
from support.router.runtime import NewestFirstLock, Runtime
from support.threads import join, start

FIRST, SECOND = (
    Arn(f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/petclinic/50dc/{number}")
    for number in ("9f2a", "9f2b")
)


@pytest.fixture
def locks() -> Locks:
    return Locks(Runtime())


def test_a_listener_is_held_by_one_call_at_a_time(locks: Locks) -> None:
    with (
        locks.held({FIRST}, Caller()),
        pytest.raises(DeadlineExceeded, match="another call to the same listener"),
        locks.held({FIRST}, Caller(seconds=0)),
    ):
        pass
    with locks.held({FIRST}, Caller(seconds=0)):
        pass


def test_another_listener_is_free(locks: Locks) -> None:
    with locks.held({FIRST}, Caller()), locks.held({SECOND}, Caller(seconds=0)):
        pass


def test_a_call_that_gets_the_second_lock_too_late_releases_the_first(locks: Locks) -> None:
    with locks.held({SECOND}, Caller()):
        with pytest.raises(DeadlineExceeded), locks.held({FIRST, SECOND}, Caller(seconds=0)):
            pass
        with locks.held({FIRST}, Caller(seconds=0)):
            pass


def test_listeners_are_locked_in_the_order_of_their_arns() -> None:
    """In any other order, two calls that share two listeners could wait for each other."""

    class RecordingRuntime(Runtime):
        def __init__(self) -> None:
            super().__init__()
            self.created: list[NewestFirstLock] = []

        def lock(self) -> NewestFirstLock:
            self.created.append(super().lock())
            return self.created[-1]

    for listeners in ((FIRST, SECOND), (SECOND, FIRST)):
        runtime = RecordingRuntime()
        locks = Locks(runtime)
        with locks.held({SECOND}, Caller()):
            created = len(runtime.created)
            with pytest.raises(DeadlineExceeded), locks.held(listeners, Caller(seconds=0)):
                pass
            assert len(runtime.created) == created + 1, "the call did not lock the first listener first"


def test_a_lock_is_shared_while_calls_wait_for_it() -> None:
    runtime = Runtime()
    locks, inside, most_inside = Locks(runtime), [], []

    def hold() -> None:
        for _ in range(100):
            with locks.held({FIRST}, Caller()):
                inside.append(1)
                most_inside.append(len(inside))
                inside.pop()

    join(*[start(hold) for _ in range(4)])
    assert (len(most_inside), max(most_inside)) == (400, 1)


def test_listeners_that_no_call_names_are_forgotten(locks: Locks) -> None:
    with ExitStack() as held:
        for number in range(1000):
            held.enter_context(locks.held({Arn(f"{FIRST}{number:x}")}, Caller()))
        assert len(locks) == 1000
    assert len(locks) == 0
