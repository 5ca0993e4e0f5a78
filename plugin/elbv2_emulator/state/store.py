"""A region's versions: the current one, the one that its listeners serve, and one that a read may tell of."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from elbv2_emulator.state.resources import State
from elbv2_emulator.state.timing import Clock, Timing


@dataclass(frozen=True, slots=True)
class _Version:
    state: State
    served_from: float  # listeners serve it from then on
    settled_from: float  # no read tells of an older one from then on


class Store:
    """The only place where a region's state is replaced. A lag is stamped on a version when it is written."""

    def __init__(self, clock: Clock = time.time, timing: Timing | None = None) -> None:
        self._clock = clock
        self._timing = timing or Timing()
        # From the oldest that is still served or told of to the current one.
        self._versions = [_Version(State(), 0.0, 0.0)]

    @property
    def current(self) -> State:
        return self._versions[-1].state

    def put(self, state: State) -> None:
        """Make this the current state, under the next version; the unchanged state keeps its version."""
        if state is not self.current:
            self._add(replace(state, version=self.current.version + 1))

    def observe(self, state: State) -> None:
        """The same for what happens by itself. ARNs, which are made of versions, must not depend on it."""
        if state is not self.current:
            self._add(state)

    def begin(self, state: State) -> None:
        """Make this, with its own version, all that is known: no read tells of anything older."""
        self._versions = [_Version(state, 0.0, 0.0)]

    def served(self) -> State:
        """What the listeners go by now."""
        return self._versions[self._newest(lambda one, now: one.served_from <= now)].state

    def told(self, random: Random) -> State:
        """What a read tells of: any version that was current within the describe lag."""
        settled = self._newest(lambda one, now: one.settled_from <= now)
        return self._versions[random.randrange(settled, len(self._versions))].state

    def _newest(self, reached: Callable[[_Version, float], bool]) -> int:
        """The newest version whose time has come; the oldest, if the clock was set back."""
        if len(self._versions) == 1:
            return 0
        now = self._clock()
        numbers = range(len(self._versions) - 1, 0, -1)
        return next((number for number in numbers if reached(self._versions[number], now)), 0)

    def _add(self, state: State) -> None:
        now, lags = self._clock(), self._timing
        self._versions.append(
            _Version(state, now + lags.data_plane_lag_seconds, now + lags.describe_lag_seconds)
        )
        served = self._newest(lambda one, now: one.served_from <= now)
        settled = self._newest(lambda one, now: one.settled_from <= now)
        del self._versions[: min(served, settled)]
