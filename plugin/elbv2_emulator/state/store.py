"""The versions of a region's state: the current version, the served version, and those that reads can see."""

import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from elbv2_emulator.state.batches import Batches
from elbv2_emulator.state.resources import State
from elbv2_emulator.state.timing import Clock, Timing


class Store:
    """The only place where a region's state is replaced. Only the emulator's event loop uses it.

    A version's lags are fixed when it is written, and a batch's end when it is opened.
    """

    def __init__(self, clock: Clock = time.time, timing: Timing | None = None) -> None:
        self._clock = clock
        self._timing = timing or Timing()
        self.load(State())

    @property
    def current(self) -> State:
        return self._read.newest

    def put(self, state: State) -> None:
        """Make this the current state, under the next version number. An unchanged state keeps its number."""
        if state is not self.current:
            self._add(replace(state, version=self.current.version + 1))

    def put_same_version(self, state: State) -> None:
        """Make this the current state without a new version number, for changes that no call has made.

        ARNs are derived from version numbers, so these must depend on the calls alone.
        """
        if state is not self.current:
            self._add(state)

    def load(self, state: State) -> None:
        """Replace all versions by this state, under its own version number: no read returns an older one."""
        self._read = _Versions(self._clock, state)
        self._served = _Versions(self._clock, state)
        self._batches = Batches()

    def served_by_listeners(self) -> State:
        """The version that listeners serve now. It lacks the rule changes whose batches have not ended."""
        self._end_batches()
        return self._served.since_now()[0]

    def groups_served_until_batch_ends(self) -> frozenset[str]:
        """The target groups that listeners can forward to although a change has removed them from the rules.

        Without batches there are none.
        """
        self._end_batches()
        if not self._batches and self._timing.data_plane_batch_seconds == 0:
            return frozenset()
        return frozenset(self._served.newest.groups_in_use())

    def visible_to_reads(self, random: Random) -> State:
        """The version that a read returns: a random version of those that were current within the lag."""
        visible = self._read.since_now()
        return visible[random.randrange(0, len(visible))]

    def _add(self, state: State) -> None:
        self._end_batches()
        now, timing = self._clock(), self._timing
        self._batches.add(self.current, state, now, timing)
        self._read.add(state, now + timing.describe_lag_seconds)
        self._served.add(self._batches.applied(state), now + timing.data_plane_lag_seconds)

    def _end_batches(self) -> None:
        if self._batches:
            for ended in self._batches.end(self._clock()):
                self._served.add(self._batches.applied(self.current), ended.end + ended.lag_seconds)


class _Versions:
    """States in the order in which they were added. From its time on, a state replaces the older ones."""

    def __init__(self, clock: Clock, state: State) -> None:
        self._clock = clock
        self._states = [(state, 0.0)]

    @property
    def newest(self) -> State:
        return self._states[-1][0]

    def since_now(self) -> Sequence[State]:
        """The newest state whose time has come, and all later ones."""
        return [state for state, _ in self._states[self._number_now() :]]

    def add(self, state: State, replaces_from: float) -> None:
        self._states.append((state, replaces_from))
        del self._states[: self._number_now()]

    def _number_now(self) -> int:
        """The number of the newest state whose time has come; the oldest, if the clock was set back."""
        if len(self._states) == 1:
            return 0
        now = self._clock()
        numbers = range(len(self._states) - 1, 0, -1)
        return next((number for number in numbers if self._states[number][1] <= now), 0)
