"""Faults that are asked for: what happens to calls of some actions instead of a prompt, true answer."""

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
    """What happens to calls of `action`: an operation's name, several, "reads", "writes" or "*" for all.

    They come `latency_seconds` late. They are answered with the code `error` and this `message`; or, by
    `answer`, with nothing: "close" ends the connection, "silence" leaves it open. Such a call is not
    applied, unless `applied_after_seconds` is given: then it is, so much later, on top of what is current
    then. It holds for so many `times` and `seconds`; None: until it is taken away. `seconds` and
    `applied_after_seconds` are by the emulator's clock, `latency_seconds` are real ones.
    Raises ValueError for what makes no sense.
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
                raise ValueError(f"'{action}' is none of '*', 'reads', 'writes', {', '.join(ACTIONS)}")
        for name, value in (
            ("latency", self.latency_seconds),
            ("seconds", self.seconds),
            ("applied after seconds", self.applied_after_seconds),
        ):
            if value is not None and not 0 <= value < float("inf"):
                raise ValueError(f"The {name} must be 0 or more")
        if self.times is not None and self.times < 1:
            raise ValueError("The times must be 1 or more")
        if self.answer not in {None, *get_args(Answer)}:
            raise ValueError(f"The answer '{self.answer}' is neither 'close' nor 'silence'")
        if self.error and self.answer:
            raise ValueError("An error is an answer: either 'error' or 'answer'")
        if self.applied_after_seconds is not None and not self.is_instead:
            raise ValueError("What is applied late is answered by 'error' or not at all by 'answer'")

    @property
    def _actions(self) -> Sequence[str]:
        return (self.action,) if isinstance(self.action, str) else self.action

    @property
    def is_instead(self) -> bool:
        """The client does not get the true answer."""
        return bool(self.error or self.answer)

    def concerns(self, action: str) -> bool:
        kind = READS if action.startswith("Describe") else WRITES
        return not {action, kind, EVERY_ACTION}.isdisjoint(self._actions)


@dataclass(frozen=True, slots=True)
class Strike:
    """What the faults in force do to one call."""

    latency_seconds: float = 0.0
    instead: Fault | None = None


class Faults:
    """The faults in force, in the order in which they were asked for. For any thread."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[tuple[Fault, float], ...] = ()  # each with when it ends

    @property
    def active(self) -> tuple[Fault, ...]:
        """Each with the times and seconds that are left."""
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

    def strike(self, action: str) -> Strike:
        """All latencies of this action's faults together, and the first fault that answers instead."""
        with self._lock:
            now = self._clock()
            held = [(fault, end) for fault, end in self._held if end > now]
            struck = [fault for fault, _ in held if fault.concerns(action)]
            self._held = tuple(
                (_used(fault) if fault.concerns(action) else fault, end)
                for fault, end in held
                if fault.times != 1 or not fault.concerns(action)
            )
        return Strike(
            sum(fault.latency_seconds for fault in struck),
            next((fault for fault in struck if fault.is_instead), None),
        )


def _used(fault: Fault) -> Fault:
    return fault if fault.times is None else replace(fault, times=fault.times - 1)
