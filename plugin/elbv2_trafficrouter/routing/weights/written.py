"""What this process last wrote to each rule, because reads may not show it yet.

    unknown --send--> UNANSWERED --answered--> WRITTEN(rule)
       ^                  |---no answer------> UNANSWERED: the write may have taken effect, or still may
       |                  `---rejected-------> what was known before
       `--------- an hour after the last write: reads have caught up with it

A call reads and changes a rule's entry only while it holds the lock of the rule's listener. A restart loses
everything: the next SetWeight then decides by its read alone, as VerifyWeight always does. The entries of
deleted rules expire after an hour.
"""

from collections.abc import Callable, Iterable

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.routing.expiring import UNUSED_SECONDS, Expiring
from elbv2_trafficrouter.routing.ports import Runtime
from elbv2_trafficrouter.routing.rule import ListenerRule, SteeredRule


class LastWrites:
    """The last write to each rule."""

    def __init__(self, runtime: Runtime) -> None:
        self._writes: Expiring[Arn, ListenerRule | None] = Expiring(runtime, UNUSED_SECONDS)

    def of(self, steered: Iterable[SteeredRule]) -> dict[Arn, ListenerRule | None]:
        """The last write to each of these rules: None if AWS did not answer it, no entry without a write."""
        return self._writes.copy([each.rule for each in steered])

    def send(self, rule: Arn, write: Callable[[], ListenerRule]) -> ListenerRule:
        """Sends a write and returns the rule from AWS's response. Raises what `write` raises."""
        before = self._writes.copy([rule])
        self._writes.put(rule, None)
        try:
            answered = write()
        except OutcomeUnknown:
            raise
        except Problem:
            self._writes.pop(rule)
            for arn, last in before.items():
                self._writes.put(arn, last)
            raise
        self._writes.put(rule, answered)
        return answered

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
