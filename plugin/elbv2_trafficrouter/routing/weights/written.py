"""What this process last wrote to each rule, because reads may not show it yet.

    unknown --send--> UNANSWERED --answered--> WRITTEN(rule, earlier states)
       ^                  |---no answer------> UNANSWERED: the write may have taken effect, or still may
       |                  `---rejected-------> what was known before
       `--------- an hour after the last write: reads have caught up with it

For ten seconds after a write, a read that shows a state from before the write lags: the rule is as it was
written. So is a rule whose read began before its write was answered. Any other difference is somebody else's
write.

A call changes a rule's entry only while it holds the lock of the rule's listener, and decides again under
the lock what it decided before. A restart loses everything: the next SetWeight then decides by its read
alone, as VerifyWeight always does. The entries of deleted rules expire after an hour.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.routing.expiring import UNUSED_SECONDS, Expiring
from elbv2_trafficrouter.routing.ports import Runtime
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot, SteeredRule

_READS_LAG_SECONDS = 10.0

_States: TypeAlias = tuple[tuple[float, ListenerRule], ...]
"""States of a rule, each with the time at which a write replaced it."""


@dataclass(frozen=True, slots=True)
class _Write:
    """`answered`: the rule from AWS's response; None without one. `earlier`: the states before it."""

    answered: ListenerRule | None
    at: float
    earlier: _States


class LastWrites:
    """The last write to each rule."""

    def __init__(self, runtime: Runtime) -> None:
        self._now = runtime.now
        self._writes: Expiring[Arn, _Write] = Expiring(runtime, UNUSED_SECONDS)

    def of(self, steered: Iterable[SteeredRule]) -> dict[Arn, ListenerRule | None]:
        """The last write to each of these rules: None if AWS did not answer it, no entry without a write."""
        writes = self._writes.copy([each.rule for each in steered])
        return {rule: write.answered for rule, write in writes.items()}

    def latest(self, steered: Iterable[SteeredRule]) -> float:
        """When the latest write to these rules was sent or answered; minus infinity without a write."""
        writes = self._writes.copy([each.rule for each in steered])
        return max((write.at for write in writes.values()), default=float("-inf"))

    def corrected(self, snapshot: Snapshot) -> Snapshot:
        """The rules that were read, each as it was last written if the read can't show that write yet."""
        writes = self._writes.copy(snapshot.rules)
        return snapshot.with_rules(
            {
                rule: _with_actions_of(write.answered, snapshot.rules[rule])
                for rule, write in writes.items()
                if write.answered and self._is_outdated(snapshot, rule, write)
            }
        )

    def send(self, before: ListenerRule, write: Callable[[], ListenerRule]) -> ListenerRule:
        """Sends a write and returns the rule from AWS's response. Raises what `write` raises.

        `before`: the rule without the write.
        """
        rule, last = before.arn, self._writes.get(before.arn)
        earlier = self._lagging(last.earlier) if last else ()
        self._writes.put(rule, self._write(None, earlier, before))
        try:
            answered = write()
        except OutcomeUnknown:
            raise
        except Problem:
            self._writes.pop(rule)
            if last:
                self._writes.put(rule, last)
            raise
        self._writes.put(rule, self._write(answered, earlier, before))
        return answered

    def _write(self, answered: ListenerRule | None, earlier: _States, before: ListenerRule) -> _Write:
        now = self._now()
        return _Write(answered, now, (*earlier, (now, before)))

    def _is_outdated(self, snapshot: Snapshot, rule: Arn, write: _Write) -> bool:
        if snapshot.began[listener_of(rule)] < write.at:
            return True
        read = snapshot.rules[rule]
        return any(_has_actions_of(state, read) for _, state in self._lagging(write.earlier))

    def _lagging(self, earlier: _States) -> _States:
        """The states that were replaced so lately that a read may still show them."""
        return tuple(each for each in earlier if self._now() - each[0] <= _READS_LAG_SECONDS)

    def __len__(self) -> int:
        return len(self._writes)


class AttachedGroups:
    """The target groups that each rule had when it was last read or written.

    With this, RemoveManagedRoutes does not have to read a rule that has all groups already.

        unknown --record--> the groups of the rule --an hour without a record--> unknown

    A call records only while it holds the lock of the rule's listener; it can ask without the lock. A restart
    loses everything: the next RemoveManagedRoutes reads the rules once.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._groups: Expiring[Arn, frozenset[Arn]] = Expiring(runtime, UNUSED_SECONDS)

    def record(self, rule: ListenerRule) -> None:
        self._groups.put(rule.arn, frozenset(forward.group for forward in rule.forwards))

    def has_all(self, steered: SteeredRule) -> bool:
        """Whether all of the Rollout's groups are known to be in the rule."""
        return steered.our_groups <= (self._groups.get(steered.rule) or frozenset())

    def __len__(self) -> int:
        return len(self._groups)


def _has_actions_of(rule: ListenerRule, read: ListenerRule) -> bool:
    return (read.forwards, read.actions) == (rule.forwards, rule.actions)


def _with_actions_of(written: ListenerRule, read: ListenerRule) -> ListenerRule:
    return replace(read, forwards=written.forwards, actions=written.actions, unwritable=written.unwritable)
