"""Header rules that this process created and deleted, while reads may not show it yet.

    a rule:   unknown --create answered--> CREATED: part of every read for 10 s, found by reads afterwards
              any --delete answered------> DELETED: left out of every read for 30 s
    a route:  --create sent, no answer---> UNANSWERED for 30 s, or until a rule of the route is seen
    a Rollout: its rules CREATED HERE, until their deletion, their listener's, or an hour without a call
              --none found, none unanswered--> NONE for 15 s, or until the next create

Only the holder of the lock of the rule's listener records; rules of other listeners are recorded by other
calls meanwhile. A restart loses all: what another process created is found by its tags, so in its first 10 s
a process does not take a read without rules for NONE. A rule on a listener that the Rollout no longer names
is lost then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.routing.expiring import UNUSED_SECONDS, Expiring
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome
from elbv2_trafficrouter.routing.ownership import Owner
from elbv2_trafficrouter.routing.ports import Runtime
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot

READS_LAG_SECONDS = 10.0
LANDS_LATE_SECONDS = 30.0
NONE_COUNTS_SECONDS = 15.0
"""After that, another router may have been at work: the controller's leader changes."""


@dataclass(frozen=True, slots=True)
class _Created:
    owner: Owner
    outcome: HeaderRuleOutcome


class RecentRules:
    def __init__(self, runtime: Runtime) -> None:
        self._now = runtime.now
        self._guard = runtime.lock()  # calls on several listeners may be about one Rollout
        self._started_at = runtime.now()
        self._created: Expiring[Arn, _Created] = Expiring(runtime, READS_LAG_SECONDS)
        self._deleted: Expiring[Arn, None] = Expiring(runtime, LANDS_LATE_SECONDS)
        self._unanswered: Expiring[tuple[Owner, str], OutcomeUnknown] = Expiring(runtime, LANDS_LATE_SECONDS)
        self._none: Expiring[Owner, bool] = Expiring(runtime, NONE_COUNTS_SECONDS)
        self._created_here: Expiring[Owner, frozenset[Arn]] = Expiring(runtime, UNUSED_SECONDS)

    def send_create(self, owner: Owner, route: str, create: Callable[[], ListenerRule]) -> ListenerRule:
        """Sends a CreateRule. Without an answer, it may take effect later. Raises what `create` raises."""
        self._none.pop(owner)
        try:
            return create()
        except OutcomeUnknown as unknown:
            self._unanswered.put((owner, route), unknown)
            raise

    def record_write(self, owner: Owner, outcome: HeaderRuleOutcome) -> None:
        """The rule was created or changed."""
        rule = outcome.rule.arn
        self._created.put(rule, _Created(owner, outcome))
        self._change_created_here(owner, add=frozenset({rule}))
        self.confirm_create(owner, outcome.route)

    def confirm_create(self, owner: Owner, route: str) -> None:
        """A rule of the route was seen, so an unanswered create is done: AWS takes one rule at a priority."""
        self._unanswered.pop((owner, route))

    def record_delete(self, owner: Owner, rule: Arn) -> None:
        self._created.pop(rule)
        self._change_created_here(owner, remove=frozenset({rule}))
        self._deleted.put(rule, None)

    def forget_listener(self, owner: Owner, listener: Arn) -> None:
        """The listener was deleted, and all its rules with it."""
        for rule in self.created_here(owner):
            if listener_of(rule) == listener:
                self.record_delete(owner, rule)

    def created_here(self, owner: Owner) -> frozenset[Arn]:
        """The owner's rules that this process created. The Rollout may name other listeners by now."""
        return self._created_here.keep(owner) or frozenset()

    def keep_created_here(self, owner: Owner) -> None:
        """Remembers the owner's rules for longer: there was a call for the Rollout."""
        self._created_here.keep(owner)

    def corrected(self, snapshot: Snapshot, listeners: Iterable[Arn]) -> dict[Arn, ListenerRule]:
        """The rules of these listeners: what was read, with what was created and deleted while reads lag."""
        within = set(listeners)
        created = {
            rule: each.outcome.rule
            for rule, each in self._created.copy().items()
            if listener_of(rule) in within
        }
        deleted = self._deleted.copy()
        return {arn: rule for arn, rule in {**snapshot.rules, **created}.items() if arn not in deleted}

    def routes_of_created(self, owner: Owner) -> Mapping[Arn, str]:
        """The routes of the rules created lately for this owner: their tags may not be found yet."""
        return {
            rule: each.outcome.route for rule, each in self._created.copy().items() if each.owner == owner
        }

    def unanswered_create(self, owner: Owner) -> OutcomeUnknown | None:
        """A CreateRule of this owner that may yet be done."""
        unanswered = self._unanswered.copy()
        return next((unknown for (other, _), unknown in unanswered.items() if other == owner), None)

    def record_none(self, owner: Owner) -> None:
        """The owner has no rule. At its start a process may not see what the one before it created."""
        has_just_started = self._now() - self._started_at <= READS_LAG_SECONDS
        if not has_just_started and self.unanswered_create(owner) is None:
            self._none.put(owner, True)

    def has_none(self, owner: Owner) -> bool:
        """Whether the owner is known to have no rule."""
        return self._none.get(owner) is not None

    def _change_created_here(
        self, owner: Owner, *, add: frozenset[Arn] = frozenset(), remove: frozenset[Arn] = frozenset()
    ) -> None:
        with self._guard:
            if rules := (self.created_here(owner) | add) - remove:
                self._created_here.put(owner, rules)
            else:
                self._created_here.pop(owner)

    def __len__(self) -> int:
        per_rule = len(self._created) + len(self._deleted)
        return per_rule + len(self._unanswered) + len(self._none) + len(self._created_here)
