"""Which version of a region's state is served and told of, and when."""

from random import Random

from elbv2_emulator.state.resources import State, Target, TargetGroup
from elbv2_emulator.state.store import Store
from elbv2_emulator.state.timing import Timing
from support.router.clock import StandingClock


class Scripted(Random):
    """Draws the oldest or the newest, as it is told."""

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
    assert names(store.served()) == names(store.told(OLDEST)) == names(store.current) == "a"


def test_versions_are_served_when_the_lag_of_their_write_has_passed() -> None:
    clock, timing = StandingClock(), Timing(data_plane_lag_seconds=5)
    store = Store(clock, timing)
    for name in "abc":
        store.put(named(name))
        clock.now += 2
    assert names(store.current) == "c"
    seen = []
    for _ in range(5):
        seen.append(names(store.served()))
        clock.now += 1
    assert seen == ["a", "b", "b", "c", "c"]


def test_a_read_may_tell_of_any_version_that_was_current_within_the_lag() -> None:
    clock = StandingClock()
    store = Store(clock, Timing(describe_lag_seconds=5))
    store.put(named("a"))
    clock.now += 4
    store.put(named("b"))
    assert names(store.told(OLDEST)) == ""
    clock.now += 1
    assert names(store.told(OLDEST)) == "a"
    drawn = [store.told(Random(seed)) for seed in range(20)]  # noqa: S311  versions, not secrets
    assert {names(state) for state in drawn} == {"a", "b"}
    clock.now += 4
    assert names(store.told(OLDEST)) == "b"


def test_a_lag_is_that_of_the_time_of_the_write() -> None:
    clock, timing = StandingClock(), Timing(data_plane_lag_seconds=5, describe_lag_seconds=5)
    store = Store(clock, timing)
    store.put(named("a"))
    timing.data_plane_lag_seconds = timing.describe_lag_seconds = 0
    assert names(store.served()) == names(store.told(OLDEST)) == ""
    store.put(named("b"))
    assert names(store.served()) == names(store.told(OLDEST)) == "b"
    timing.data_plane_lag_seconds = timing.describe_lag_seconds = 5
    assert names(store.served()) == names(store.told(OLDEST)) == "b"


def test_versions_that_nobody_can_see_any_more_are_forgotten() -> None:
    clock = StandingClock()
    store = Store(clock, Timing(data_plane_lag_seconds=1, describe_lag_seconds=3))
    for number in range(1000):
        store.put(named(str(number)))
        clock.now += 0.5
    assert len(store._versions) <= 8  # noqa: SLF001  memory has no other witness


def test_what_happens_by_itself_leaves_the_versions_number() -> None:
    store = Store(StandingClock())
    store.put(named("a"))
    group = TargetGroup("a", "a", {}, {}, {("10.64.0.3", 8080): Target("10.64.0.3", 8080)})
    store.observe(State(version=store.current.version, target_groups={"a": group}))
    assert (store.current.version, len(store.current.target_groups["a"].targets)) == (1, 1)


def test_a_clock_that_is_set_back_does_no_harm() -> None:
    clock = StandingClock()
    store = Store(clock, Timing(data_plane_lag_seconds=1, describe_lag_seconds=1))
    store.put(named("a"))
    clock.now -= 3600
    assert names(store.served()) == ""
    store.put(named("b"))
    clock.now += 1
    assert names(store.served()) == names(store.told(OLDEST)) == "b"
