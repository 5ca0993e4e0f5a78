"""The versions of a region's state: the current version, the served version, and those that reads can see."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from elbv2_emulator.state.resources import State
from elbv2_emulator.state.timing import Clock, Timing


@dataclass(frozen=True, slots=True)
class _Version:
    state: State
    served_from: float  # listeners serve this version from this time on
    settled_from: float  # from this time on no read returns an older version


class Store:
    """The only place where a region's state is replaced. Only the emulator's event loop uses it.

    A version's lags are fixed when it is written.
    """

    def __init__(self, clock: Clock = time.time, timing: Timing | None = None) -> None:
        self._clock = clock
        self._timing = timing or Timing()
        # From the oldest version that is still served or visible, to the current one.
        self._versions = [_Version(State(), 0.0, 0.0)]

    @property
    def current(self) -> State:
        return self._versions[-1].state

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
        self._versions = [_Version(state, 0.0, 0.0)]

    def served_by_listeners(self) -> State:
        """The version that listeners serve now."""
        return self._versions[self._newest(lambda version, now: version.served_from <= now)].state

    def visible_to_reads(self, random: Random) -> State:
        """The version that a read returns: a random version of those that were current within the lag."""
        settled = self._newest(lambda version, now: version.settled_from <= now)
        return self._versions[random.randrange(settled, len(self._versions))].state

    def _newest(self, has_come: Callable[[_Version, float], bool]) -> int:
        """The number of the newest version whose time has come; the oldest, if the clock was set back."""
        if len(self._versions) == 1:
            return 0
        now = self._clock()
        numbers = range(len(self._versions) - 1, 0, -1)
        return next((number for number in numbers if has_come(self._versions[number], now)), 0)

    def _add(self, state: State) -> None:
        now, lags = self._clock(), self._timing
        self._versions.append(
            _Version(state, now + lags.data_plane_lag_seconds, now + lags.describe_lag_seconds)
        )
        served = self._newest(lambda version, now: version.served_from <= now)
        settled = self._newest(lambda version, now: version.settled_from <= now)
        del self._versions[: min(served, settled)]
