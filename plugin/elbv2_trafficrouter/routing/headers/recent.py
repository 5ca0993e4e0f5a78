"""What a process remembers of header rules. After a restart all of it is looked up, or unknown."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto
from fractions import Fraction

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.routing.outcome import HeaderOutcome
from elbv2_trafficrouter.routing.ownership import Owner
from elbv2_trafficrouter.routing.ports import Runtime
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot

READS_LAG_SECONDS = 10.0
REMOVAL_RESTS_SECONDS = 3.0
"""After a failure: AWS grants an account three writes a second, and an abort's loop asks far more often."""
LANDS_LATE_SECONDS = 30.0
LOOK_COUNTS_SECONDS = 15.0
"""Then another router may have been at work: the controller's leader changes."""


class Canary(Enum):
    """What the calls of a Rollout told about its canary's pods: there is no other word of them."""

    UNKNOWN = auto()
    ABSENT = auto()
    """RemoveManagedRoutes came in this reconcile: no pod is available, or the update is over."""
    PRESENT = auto()


class HeaderMemory:
    """For who holds the listener that it is about; the canary's pods for any call.

    Calls for other listeners are at work meanwhile: no dict is looped over but a copy.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._now = runtime.now
        self._begun = runtime.now()
        self._canaries: dict[Owner, Canary] = {}
        self._troubles: dict[Owner, Problem] = {}
        self._made: dict[Arn, tuple[float, ListenerRule, Owner, str]] = {}
        self._deleted: dict[Arn, float] = {}
        self._unanswered: dict[tuple[Owner, str], tuple[float, OutcomeUnknown]] = {}
        self._none_seen: dict[Owner, float] = {}
        self._ours: dict[Owner, set[Arn]] = {}
        self._left_behind: dict[Owner, tuple[float, Problem]] = {}

    # The canary's pods, by the order of calls

    def routes_removed(self, owner: Owner) -> None:
        self._canaries[owner] = Canary.ABSENT

    def reconcile_ended(self, owner: Owner) -> None:
        self._canaries[owner] = Canary.PRESENT

    def canary_of(self, owner: Owner) -> Canary:
        return self._canaries.get(owner, Canary.UNKNOWN)

    # What the last SetWeight could not make

    def fell_short(self, owner: Owner, trouble: Problem | None) -> None:
        if trouble is None:
            self._troubles.pop(owner, None)
        else:
            self._troubles[owner] = trouble

    def trouble_with(self, owner: Owner, share: Fraction) -> Problem | None:
        """What keeps the canary's share from being verified; nobody would ask again otherwise.

        Only at 0 a rule that could not be removed, and never at 1: promotion shall not wait for it.
        """
        if share == 1:
            return None
        return self._troubles.get(owner) or (self.left_behind(owner) if share == 0 else None)

    # Writes, which reads may not show yet

    @contextmanager
    def creating(self, owner: Owner, route: str) -> Iterator[None]:
        """A CreateRule is sent in the block; one that is not answered may be done later."""
        self._none_seen.pop(owner, None)
        try:
            yield
        except OutcomeUnknown as unknown:
            self._unanswered[owner, route] = (self._now(), unknown)
            raise

    def made(self, owner: Owner, outcome: HeaderOutcome) -> None:
        self._made[outcome.rule.arn] = (self._now(), outcome.rule, owner, outcome.route)
        self.landed(owner, outcome.route)
        self._ours.setdefault(owner, set()).add(outcome.rule.arn)

    def landed(self, owner: Owner, route: str) -> None:
        """The route's rule is there: AWS takes no other at its priority."""
        self._unanswered.pop((owner, route), None)

    def deleted(self, owner: Owner, rule: Arn) -> None:
        self._made.pop(rule, None)
        self._ours.get(owner, set()).discard(rule)
        self._deleted[rule] = self._now()

    def gone_with(self, owner: Owner, listener: Arn) -> None:
        """The listener was deleted, and all its rules with it."""
        for rule in self.ours(owner):
            if listener_of(rule) == listener:
                self.deleted(owner, rule)

    def ours(self, owner: Owner) -> frozenset[Arn]:
        """The rules that this process made: the Rollout may lead to other groups and listeners by now."""
        return frozenset(self._ours.get(owner, ()))

    def corrected(self, seen: Snapshot, listeners: Iterable[Arn]) -> dict[Arn, ListenerRule]:
        """The rules of these listeners with what was made and deleted while reads may lag."""
        self._forget()
        about = set(listeners)
        made = {arn: rule for arn, (_, rule, _, _) in list(self._made.items()) if listener_of(arn) in about}
        rules = {**seen.rules, **made}
        return {arn: rule for arn, rule in rules.items() if arn not in self._deleted}

    def made_for(self, owner: Owner) -> Mapping[Arn, str]:
        """The rules made lately for this owner, with their routes: their tags may not be found yet."""
        return {arn: route for arn, (_, _, whose, route) in list(self._made.items()) if whose == owner}

    def _forget(self) -> None:
        """Rules' ARNs are never used again; what is old is in every read."""
        now = self._now()
        for arn, (when, *_) in list(self._made.items()):
            if now - when > READS_LAG_SECONDS:
                self._made.pop(arn, None)
        for arn, when in list(self._deleted.items()):
            if now - when > LANDS_LATE_SECONDS:
                self._deleted.pop(arn, None)

    # Whether there are any

    def unanswered(self, owner: Owner) -> OutcomeUnknown | None:
        """A CreateRule that may yet be done."""
        for (whose, route), (when, unknown) in list(self._unanswered.items()):
            if self._now() - when > LANDS_LATE_SECONDS:
                self._unanswered.pop((whose, route), None)
            elif whose == owner:
                return unknown
        return None

    def removal_failed(self, owner: Owner, trouble: Problem) -> None:
        self._left_behind[owner] = (self._now(), trouble)

    def left_behind(self, owner: Owner, *, within: float = float("inf")) -> Problem | None:
        """Why rules could not be removed, if the last try failed, and in so many seconds."""
        when, trouble = self._left_behind.get(owner, (0.0, None))
        return trouble if self._now() - when < within else None

    def removal_is_over(self, owner: Owner) -> None:
        """All are gone, or wanted again."""
        self._left_behind.pop(owner, None)

    def saw_none(self, owner: Owner) -> None:
        """By a look at AWS, or all were deleted. A read may not show what another process has just made."""
        if self._now() - self._begun > READS_LAG_SECONDS and self.unanswered(owner) is None:
            self._none_seen[owner] = self._now()

    def knows_of_none(self, owner: Owner) -> bool:
        return self._now() - self._none_seen.get(owner, float("-inf")) < LOOK_COUNTS_SECONDS
