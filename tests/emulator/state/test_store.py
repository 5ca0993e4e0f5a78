"""Which version of a region's state listeners serve and reads see, and when."""

from random import Random

from elbv2_emulator.state.resources import State, Target, TargetGroup
from elbv2_emulator.state.store import Store
from elbv2_emulator.state.timing import Timing
from support.router.clock import StandingClock


class Scripted(Random):
    """Draws the newest version, or the oldest unless `newest` is set."""

    newest = True

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        assert stop is not None
        return stop - step if self.newest else start


OLDEST, NEWEST = Scripted(), Scripted()
OLDEST.newest = False


def named(name: str) -> State:
    return State(target_groups={name: TargetGroup(name, name, {}, {})})


def names(state: State) -> str:
    return "".join(state.target_groups)


def test_without_lags_there_is_only_the_current_version() -> None:
    store = Store(StandingClock())
    store.put(named("a"))
    assert (
        names(store.served_by_listeners())
        == names(store.visible_to_reads(OLDEST))
        == names(store.current)
        == "a"
    )


def test_a_version_is_served_after_the_data_plane_lag() -> None:
    clock, timing = StandingClock(), Timing(data_plane_lag_seconds=5)
    store = Store(clock, timing)
    for name in "abc":
        store.put(named(name))
        clock.now += 2
    assert names(store.current) == "c"
    served = []
    for _ in range(5):
        served.append(names(store.served_by_listeners()))
        clock.now += 1
    assert served == ["a", "b", "b", "c", "c"]


def test_a_read_may_see_any_version_that_was_current_within_the_describe_lag() -> None:
    clock = StandingClock()
    store = Store(clock, Timing(describe_lag_seconds=5))
    store.put(named("a"))
    clock.now += 4
    store.put(named("b"))
    assert names(store.visible_to_reads(OLDEST)) == ""
    clock.now += 1
    assert names(store.visible_to_reads(OLDEST)) == "a"
    drawn = [store.visible_to_reads(Random(seed)) for seed in range(20)]  # noqa: S311  versions, not secrets
    assert {names(state) for state in drawn} == {"a", "b"}
    clock.now += 4
    assert names(store.visible_to_reads(OLDEST)) == "b"


def test_the_lag_at_the_time_of_the_write_applies() -> None:
    clock, timing = StandingClock(), Timing(data_plane_lag_seconds=5, describe_lag_seconds=5)
    store = Store(clock, timing)
    store.put(named("a"))
    timing.data_plane_lag_seconds = timing.describe_lag_seconds = 0
    assert names(store.served_by_listeners()) == names(store.visible_to_reads(OLDEST)) == ""
    store.put(named("b"))
    assert names(store.served_by_listeners()) == names(store.visible_to_reads(OLDEST)) == "b"
    timing.data_plane_lag_seconds = timing.describe_lag_seconds = 5
    assert names(store.served_by_listeners()) == names(store.visible_to_reads(OLDEST)) == "b"


def test_versions_that_are_no_longer_visible_are_discarded() -> None:
    clock = StandingClock()
    store = Store(clock, Timing(data_plane_lag_seconds=1, describe_lag_seconds=3))
    for number in range(1000):
        store.put(named(str(number)))
        clock.now += 0.5
    assert len(store._read._states) <= 8  # noqa: SLF001  nothing else shows how many are kept
    assert len(store._served._states) <= 4  # noqa: SLF001  nothing else shows how many are kept


def test_a_change_that_no_call_makes_keeps_the_version_number() -> None:
    store = Store(StandingClock())
    store.put(named("a"))
    group = TargetGroup("a", "a", {}, {}, {("10.64.0.3", 8080): Target("10.64.0.3", 8080)})
    store.put_same_version(State(version=store.current.version, target_groups={"a": group}))
    assert (store.current.version, len(store.current.target_groups["a"].targets)) == (1, 1)


def test_a_clock_that_is_set_back_does_no_harm() -> None:
    clock = StandingClock()
    store = Store(clock, Timing(data_plane_lag_seconds=1, describe_lag_seconds=1))
    store.put(named("a"))
    clock.now -= 3600
    assert names(store.served_by_listeners()) == ""
    store.put(named("b"))
    clock.now += 1
    assert names(store.served_by_listeners()) == names(store.visible_to_reads(OLDEST)) == "b"
