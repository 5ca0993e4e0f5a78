"""Injected faults: calls of chosen actions are delayed, fail, stay unanswered or are applied late."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from elbv2_emulator.api.actions import ACTIONS
from elbv2_emulator.state.timing import Clock

Answer: TypeAlias = Literal["close", "silence"]

EVERY_ACTION = "*"
READS = "reads"
WRITES = "writes"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to calls of `action`: an operation's name, several names, "reads", "writes" or "*".

    The calls are delayed by `latency_seconds`. They fail with the code `error` and this `message`; or they
    get no response, depending on `answer`: "close" closes the connection, "silence" keeps it open. Such a
    call is not applied, unless `applied_after_seconds` is given: then it is applied after that time, to
    whatever state is current then. The fault applies to `times` calls and for `seconds`; None means until it
    is deleted. `seconds` and `applied_after_seconds` follow the emulator's clock; `latency_seconds` are real.
    Raises ValueError for a combination that makes no sense.
    """

    action: str | Sequence[str]
    latency_seconds: float = 0.0
    error: str | None = None
    message: str | None = None
    times: int | None = None
    seconds: float | None = None
    answer: Answer | None = None
    applied_after_seconds: float | None = None

    def __post_init__(self) -> None:
        known = {EVERY_ACTION, READS, WRITES, *ACTIONS}
        for action in self._actions or ("",):
            if action not in known:
                raise ValueError(f"'{action}' is not one of '*', 'reads', 'writes', {', '.join(ACTIONS)}")
        for name, value in (
            ("latency", self.latency_seconds),
            ("number of seconds", self.seconds),
            ("delay after which calls are applied", self.applied_after_seconds),
        ):
            if value is not None and not 0 <= value < float("inf"):
                raise ValueError(f"The {name} must be 0 or more")
        if self.times is not None and self.times < 1:
            raise ValueError("'times' must be 1 or more")
        if self.answer not in {None, *get_args(Answer)}:
            raise ValueError(f"'answer' is '{self.answer}', but must be 'close' or 'silence'")
        if self.error and self.answer:
            raise ValueError("A fault cannot have both 'error' and 'answer'")
        if self.applied_after_seconds is not None and not self.replaces_answer:
            raise ValueError("A fault that applies calls late must also have 'error' or 'answer'")

    @property
    def _actions(self) -> Sequence[str]:
        return (self.action,) if isinstance(self.action, str) else self.action

    @property
    def replaces_answer(self) -> bool:
        """Whether the client gets an error or nothing instead of the call's outcome."""
        return bool(self.error or self.answer)

    def covers(self, action: str) -> bool:
        kind = READS if action.startswith("Describe") else WRITES
        return not {action, kind, EVERY_ACTION}.isdisjoint(self._actions)


@dataclass(frozen=True, slots=True)
class Effect:
    """What the active faults do to one call. `replacement`: the fault that replaces its answer."""

    latency_seconds: float = 0.0
    replacement: Fault | None = None


class Faults:
    """The active faults, in the order in which they were added. May be used from any thread."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[tuple[Fault, float], ...] = ()  # each with the time when it ends

    @property
    def active(self) -> tuple[Fault, ...]:
        """Each fault with the times and seconds that it has left."""
        now = self._clock()
        return tuple(
            fault if fault.seconds is None else replace(fault, seconds=end - now)
            for fault, end in self._held
            if end > now
        )

    def add(self, fault: Fault) -> None:
        end = float("inf") if fault.seconds is None else self._clock() + fault.seconds
        with self._lock:
            self._held = (*self._held, (fault, end))

    def clear(self) -> None:
        with self._lock:
            self._held = ()

    def apply_to(self, action: str) -> Effect:
        """The effect on a call, which uses up one of the `times` of each fault that covers its action.

        Latencies add up. If several faults replace the response, the first one is used.
        """
        with self._lock:
            now = self._clock()
            held = [(fault, end) for fault, end in self._held if end > now]
            covering = [fault for fault, _ in held if fault.covers(action)]
            self._held = tuple(
                (_with_one_use_less(fault) if fault.covers(action) else fault, end)
                for fault, end in held
                if fault.times != 1 or not fault.covers(action)
            )
        return Effect(
            sum(fault.latency_seconds for fault in covering),
            next((fault for fault in covering if fault.replaces_answer), None),
        )


def _with_one_use_less(fault: Fault) -> Fault:
    return fault if fault.times is None else replace(fault, times=fault.times - 1)
