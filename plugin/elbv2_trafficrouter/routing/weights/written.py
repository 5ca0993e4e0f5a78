"""What this process wrote into rules, while reads may not show it yet.

    unknown --send--> UNANSWERED --answered--> WRITTEN(rule)
       ^                  |---no answer------> UNANSWERED: the write may have been done, or may be done later
       |                  `---refused--------> what was known before
       `--------- an hour after the last write: reads have caught up with it

Only the holder of the lock of the rule's listener changes a rule's entry or decides on it. A restart loses
all: the next SetWeight then decides on its read alone, and VerifyWeight always does. Entries of rules that
are gone leave after an hour.
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
        """The last write to each of these rules that was written: None if it was not answered."""
        return self._writes.copy([each.rule for each in steered])

    def send(self, rule: Arn, write: Callable[[], ListenerRule]) -> ListenerRule:
        """Sends a write; returns the rule as AWS answered it. Raises what `write` raises."""
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
    """The target groups that each rule was last read or written with, so that nothing is read to attach them.

        unknown --record--> the groups of the rule --an hour without a record--> unknown

    Only the holder of the lock of the rule's listener records; any call may ask. A restart loses all: the
    next RemoveManagedRoutes reads the rules once.
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
