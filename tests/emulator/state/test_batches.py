"""When the changes of listeners and rules take effect if they are batched, and that nothing else waits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elbv2_emulator.state.resources import Listener, Rule, State, Target, TargetGroup, with_resource
from elbv2_emulator.state.store import Store
from elbv2_emulator.state.timing import Timing
from support.router.clock import StandingClock

BALANCERS = ("web", "api")
GROUP = TargetGroup("was-stable", "was-stable", {}, {})


def a_state() -> State:
    """Two load balancers with one listener each, whose rule has the priority 1."""
    return State(
        listeners={name: Listener(name, name, "HTTP", 80, {}) for name in BALANCERS},
        rules={name: Rule(name, name, 1, (), ()) for name in BALANCERS},
        target_groups={GROUP.arn: GROUP},
    )


def with_priority(state: State, priority: int, balancer: str = "web") -> State:
    rule = replace(state.rules[balancer], priority=priority)
    return replace(state, rules=with_resource(state.rules, balancer, rule))


def with_target(state: State, port: int) -> State:
    target = Target("10.64.0.3", port)
    group = replace(GROUP, targets={(target.id, target.port): target})
    return replace(state, target_groups={GROUP.arn: group})


def priority(state: State, balancer: str = "web") -> int | None:
    return state.rules[balancer].priority


def a_store(clock: StandingClock, timing: Timing) -> Store:
    store = Store(clock, timing)
    store.load(a_state())
    return store


def times_of_effects(
    changes: Iterable[float], batch_seconds: float, lag_seconds: float = 0.0
) -> dict[float, list[float]]:
    """The time of each effect → the changes, by their times, that take effect then."""
    clock = StandingClock()
    start = clock.now
    store = a_store(clock, Timing(data_plane_batch_seconds=batch_seconds, data_plane_lag_seconds=lag_seconds))
    pending = dict(enumerate(changes, start=2))
    effects: dict[float, list[float]] = {}
    made: dict[int, float] = {}
    for tick in range(200):
        now = tick / 4
        clock.now = start + now
        for number, at in pending.items():
            if at == now:
                store.put(with_priority(store.current, number))
                made[number] = at
        served = priority(store.served_by_listeners()) or 0
        if new := [number for number in made if number <= served]:
            effects[now] = [made.pop(number) for number in new]
    assert not made
    return effects


@pytest.mark.parametrize(
    ("changes", "effects"),
    [
        pytest.param([0], {10: [0]}, id="a single change takes effect at the end of its batch"),
        pytest.param([0, 3, 9.75], {10: [0, 3, 9.75]}, id="changes in one batch take effect together"),
        pytest.param([0, 10], {10: [0], 20: [10]}, id="a change at the end of a batch opens the next one"),
        pytest.param([0, 12], {10: [0], 22: [12]}, id="a batch lasts from its own first change"),
        pytest.param(
            [0, 9, 11, 20, 21, 30],
            {10: [0, 9], 21: [11, 20], 31: [21, 30]},
            id="changes that follow each other straddle batches",
        ),
        pytest.param([0, 0, 0], {10: [0, 0, 0]}, id="changes at the same time share a batch"),
    ],
)
def test_a_batch_of_ten_seconds(changes: list[float], effects: dict[float, list[float]]) -> None:
    assert times_of_effects(changes, 10) == effects


def test_the_data_plane_lag_begins_at_the_end_of_the_batch() -> None:
    assert times_of_effects([0, 3, 10], 10, 2) == {12: [0, 3], 22: [10]}


@pytest.mark.parametrize("lag", [0, 2])
def test_without_batches_each_change_takes_effect_after_the_lag(lag: float) -> None:
    assert times_of_effects([0, 3, 3.25, 10], 0, lag) == {
        lag: [0],
        3 + lag: [3],
        3.25 + lag: [3.25],
        10 + lag: [10],
    }


@dataclass(frozen=True)
class Step:
    """A change after some time, to the rule of a load balancer or to the targets."""

    after: float
    subject: str
    batch_seconds: float
    lag_seconds: float


STEPS = st.lists(
    st.builds(
        Step,
        after=st.sampled_from([0, 0.5, 1, 4, 9.5, 10, 25]),
        subject=st.sampled_from([*BALANCERS, "targets"]),
        batch_seconds=st.sampled_from([0, 3, 10]),
        lag_seconds=st.sampled_from([0, 2]),
    ),
    max_size=12,
)


@given(STEPS)
def test_effects_keep_the_order_of_changes(steps: list[Step]) -> None:
    """No subject ever goes back, whatever is set in between, and all changes take effect."""
    clock, timing = StandingClock(), Timing()
    store = a_store(clock, timing)
    seen = {"web": 1, "api": 1, "targets": 0}

    def look() -> dict[str, int]:
        served = store.served_by_listeners()
        targets = served.target_groups[GROUP.arn].targets.values()
        now = {name: priority(served, name) or 0 for name in BALANCERS}
        now["targets"] = next((target.port for target in targets), 0)
        for subject, number in now.items():
            assert number >= seen[subject]
        seen.update(now)
        return now

    for number, step in enumerate(steps, start=2):
        for _ in range(int(2 * step.after)):
            clock.now += 0.5
            look()
        timing.data_plane_batch_seconds, timing.data_plane_lag_seconds = step.batch_seconds, step.lag_seconds
        if step.subject == "targets":
            store.put_same_version(with_target(store.current, number))
        else:
            store.put(with_priority(store.current, number, step.subject))
        look()
    clock.now += 12
    look()
    assert store.served_by_listeners() == store.current


@given(STEPS)
def test_a_change_takes_effect_within_the_time_of_one_batch_and_the_lag(steps: list[Step]) -> None:
    clock, timing = StandingClock(), Timing(data_plane_batch_seconds=10, data_plane_lag_seconds=2)
    store = a_store(clock, timing)
    due: list[tuple[float, str, int]] = []
    for number, step in enumerate([*steps, Step(25, "web", 10, 2)], start=2):
        for _ in range(int(2 * step.after)):
            clock.now += 0.5
            served = store.served_by_listeners()
            for at, subject, wanted in due:
                assert clock.now < at or (priority(served, subject) or 0) >= wanted
        if step.subject != "targets":
            store.put(with_priority(store.current, number, step.subject))
            due.append((clock.now + 12, step.subject, number))


def test_each_load_balancer_has_its_own_batches() -> None:
    clock = StandingClock()
    store = a_store(clock, Timing(data_plane_batch_seconds=10))
    store.put(with_priority(store.current, 2, "web"))
    clock.now += 6
    store.put(with_priority(store.current, 2, "api"))
    clock.now += 4
    served = store.served_by_listeners()
    assert (priority(served, "web"), priority(served, "api")) == (2, 1)
    clock.now += 6
    served = store.served_by_listeners()
    assert (priority(served, "web"), priority(served, "api")) == (2, 2)


def test_batches_that_end_between_two_requests_keep_their_order() -> None:
    clock = StandingClock()
    store = a_store(clock, Timing(data_plane_batch_seconds=10, data_plane_lag_seconds=8))
    store.put(with_priority(store.current, 2, "web"))
    clock.now += 6
    store.put(with_priority(store.current, 2, "api"))
    clock.now += 12
    served = store.served_by_listeners()
    assert (priority(served, "web"), priority(served, "api")) == (2, 1)
    clock.now += 6
    assert store.served_by_listeners() == store.current


def test_targets_do_not_wait_for_a_batch() -> None:
    clock = StandingClock()
    store = a_store(clock, Timing(data_plane_batch_seconds=10))
    store.put(with_priority(store.current, 2))
    clock.now += 1
    store.put_same_version(with_target(store.current, 8080))
    served = store.served_by_listeners()
    assert (priority(served), list(served.target_groups[GROUP.arn].targets)) == (1, [("10.64.0.3", 8080)])
    clock.now += 9
    assert store.served_by_listeners() == store.current


def test_a_change_of_targets_does_not_open_a_batch() -> None:
    clock = StandingClock()
    store = a_store(clock, Timing(data_plane_batch_seconds=10))
    store.put_same_version(with_target(store.current, 8080))
    clock.now += 5
    store.put(with_priority(store.current, 2))
    clock.now += 9.9
    assert priority(store.served_by_listeners()) == 1
    clock.now += 0.1
    assert priority(store.served_by_listeners()) == 2


def test_new_and_deleted_listeners_and_rules_are_batched() -> None:
    clock = StandingClock()
    store = a_store(clock, Timing(data_plane_batch_seconds=10))
    before = store.current
    store.put(replace(before, listeners={}, rules={}))
    assert store.served_by_listeners().listeners == before.listeners
    assert store.served_by_listeners().rules == before.rules
    clock.now += 10
    assert store.served_by_listeners() == store.current
    store.put(replace(store.current, listeners=before.listeners, rules=before.rules))
    assert (store.served_by_listeners().listeners, store.served_by_listeners().rules) == ({}, {})
    clock.now += 10
    assert store.served_by_listeners() == store.current


def test_reads_do_not_wait_for_a_batch() -> None:
    store = a_store(StandingClock(), Timing(data_plane_batch_seconds=10))
    store.put(with_priority(store.current, 2))
    assert priority(store.visible_to_reads(Random(0))) == 2  # noqa: S311  versions, not secrets


def test_the_duration_at_the_first_change_applies() -> None:
    clock, timing = StandingClock(), Timing(data_plane_batch_seconds=10)
    store = a_store(clock, timing)
    store.put(with_priority(store.current, 2))
    timing.data_plane_batch_seconds = 3
    clock.now += 5
    store.put(with_priority(store.current, 3))
    assert priority(store.served_by_listeners()) == 1
    clock.now += 5
    assert priority(store.served_by_listeners()) == 3
    store.put(with_priority(store.current, 4))
    clock.now += 3
    assert priority(store.served_by_listeners()) == 4


def test_without_a_duration_the_next_change_ends_an_open_batch() -> None:
    clock, timing = StandingClock(), Timing(data_plane_batch_seconds=10)
    store = a_store(clock, timing)
    store.put(with_priority(store.current, 2))
    store.put(with_priority(store.current, 2, "api"))
    timing.data_plane_batch_seconds = 0
    assert priority(store.served_by_listeners()) == 1
    store.put(with_priority(store.current, 3))
    served = store.served_by_listeners()
    assert (priority(served, "web"), priority(served, "api")) == (3, 1)
    clock.now += 10
    assert store.served_by_listeners() == store.current


def test_loading_discards_open_batches() -> None:
    clock = StandingClock()
    store = a_store(clock, Timing(data_plane_batch_seconds=10))
    store.put(with_priority(store.current, 2))
    store.load(with_priority(a_state(), 7))
    assert priority(store.served_by_listeners()) == 7
    clock.now += 5
    store.put(with_priority(store.current, 8))
    clock.now += 9.9
    assert priority(store.served_by_listeners()) == 7


def test_a_clock_that_is_set_back_ends_open_batches() -> None:
    clock = StandingClock()
    store = a_store(clock, Timing(data_plane_batch_seconds=10))
    store.put(with_priority(store.current, 2))
    clock.now -= 3600
    assert priority(store.served_by_listeners()) == 2


def test_applied_batches_are_discarded() -> None:
    clock = StandingClock()
    store = a_store(clock, Timing(data_plane_batch_seconds=1, data_plane_lag_seconds=1))
    for number in range(1000):
        store.put(with_priority(store.current, number))
        clock.now += 0.25
    assert len(store._served._states) <= 12  # noqa: SLF001  nothing else shows how many are kept
