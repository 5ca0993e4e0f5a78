"""A mapping whose entries expire, so that entries of deleted Rollouts, rules and listeners do not pile up.

Any thread can use it: it has its own lock.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

from elbv2_trafficrouter.routing.ports import Runtime

K = TypeVar("K")
V = TypeVar("V")

UNUSED_SECONDS = 3600.0
"""Longer than any existing Rollout goes without a call: Argo Rollouts resyncs each every 15 minutes."""


class Expiring(Generic[K, V]):
    """Drops an entry when more than `seconds` have passed since its last `put` or `keep`."""

    def __init__(self, runtime: Runtime, seconds: float) -> None:
        self._now = runtime.now
        self._seconds = seconds
        self._lock = runtime.lock()
        self._entries: dict[K, tuple[float, V]] = {}  # the oldest first

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._expire()
            self._entries.pop(key, None)
            self._entries[key] = (self._now(), value)

    def pop(self, key: K) -> None:
        """Drops the entry. Succeeds if there is none."""
        with self._lock:
            self._entries.pop(key, None)

    def copy(self, only: Iterable[K] | None = None) -> dict[K, V]:
        """A copy of all entries, or of the entries of the keys in `only`."""
        with self._lock:
            self._expire()
            keys = self._entries if only is None else [key for key in only if key in self._entries]
            return {key: self._entries[key][1] for key in keys}

    def get(self, key: K) -> V | None:
        return self.copy([key]).get(key)

    def keep(self, key: K) -> V | None:
        """Returns the entry's value, and keeps the entry for another `seconds`."""
        value = self.get(key)
        if value is not None:
            self.put(key, value)
        return value

    def __len__(self) -> int:
        with self._lock:
            self._expire()
            return len(self._entries)

    def _expire(self) -> None:
        now = self._now()
        while self._entries:
            oldest, (put_at, _) = next(iter(self._entries.items()))
            if now - put_at <= self._seconds:
                return
            del self._entries[oldest]
