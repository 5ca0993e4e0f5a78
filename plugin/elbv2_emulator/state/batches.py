"""Batches of rule changes: a load balancer collects changes for a while, and then applies them together.

    no batch --a rule or listener changes--> open for dataPlaneBatchSeconds --its time is over--> no batch
                                              |--another change--> stays open, and ends no later

Until a batch ends, listeners serve the listeners and rules from before its first change. Each load balancer
has its own batches. Targets and their health are never part of a batch. Source: AWS's ALB team, in
https://github.com/kubernetes-sigs/aws-load-balancer-controller/pull/4039.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from elbv2_emulator.state.resources import State
from elbv2_emulator.state.timing import Timing


@dataclass(frozen=True, slots=True)
class EndedBatch:
    """`end`: when it ended. `lag_seconds`: the data-plane lag when it was opened."""

    end: float
    lag_seconds: float


@dataclass(frozen=True, slots=True)
class _Batch:
    before: State  # the state before the first change
    opened: float
    end: float
    lag_seconds: float

    def is_open(self, now: float) -> bool:
        # A batch from the future means that the clock was set back: it must not stay open until then.
        return self.opened <= now < self.end


class Batches:
    """The open batches of a region."""

    def __init__(self) -> None:
        self._open: dict[str, _Batch] = {}  # by the load balancer's ARN

    def __bool__(self) -> bool:
        return bool(self._open)

    def add(self, before: State, after: State, now: float, timing: Timing) -> None:
        """Put the changes of listeners and rules into the load balancers' batches.

        Without a duration, a change ends its load balancer's batch: it must not overtake earlier changes.
        """
        for balancer in _changed_load_balancers(before, after):
            if timing.data_plane_batch_seconds == 0:
                self._open.pop(balancer, None)
            elif balancer not in self._open:
                end = now + timing.data_plane_batch_seconds
                self._open[balancer] = _Batch(before, now, end, timing.data_plane_lag_seconds)

    def end(self, now: float) -> Iterator[EndedBatch]:
        """End the batches whose time is over, one at a time in the order of their ends."""
        for balancer, batch in sorted(self._open.items(), key=lambda item: item[1].end):
            if not batch.is_open(now):
                del self._open[balancer]
                yield EndedBatch(min(batch.end, now), batch.lag_seconds)

    def applied(self, state: State) -> State:
        """The state without the changes that are still in a batch."""
        for balancer, batch in self._open.items():
            before = batch.before
            listeners = {
                arn: listener
                for arn, listener in state.listeners.items()
                if listener.load_balancer_arn != balancer
            }
            rules = {
                arn: rule for arn, rule in state.rules.items() if state.load_balancer_of(rule) != balancer
            }
            own = {listener.arn: listener for listener in before.listeners_of(balancer)}
            own_rules = {arn: rule for arn, rule in before.rules.items() if rule.listener_arn in own}
            state = replace(state, listeners={**listeners, **own}, rules={**rules, **own_rules})
        return state


def _changed_load_balancers(before: State, after: State) -> set[str]:
    """The load balancers whose listeners or rules differ."""
    if before.listeners is after.listeners and before.rules is after.rules:
        return set()
    listeners = {
        listener.load_balancer_arn
        for one, other in ((before, after), (after, before))
        for arn, listener in one.listeners.items()
        if other.listeners.get(arn) != listener
    }
    rules = {
        one.load_balancer_of(rule)
        for one, other in ((before, after), (after, before))
        for arn, rule in one.rules.items()
        if other.rules.get(arn) != rule
    }
    return listeners | rules
