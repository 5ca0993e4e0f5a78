"""ELBv2 in memory, behind the ports of routing: the rules, and what reads show of them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.errors.rules import ListenerNotFound, RuleNotFound
from elbv2_trafficrouter.routing.ports import Call, Elbv2
from elbv2_trafficrouter.routing.rule import Forward, HeaderRule, Limits, ListenerRule, Snapshot

_LIMITS = Limits(values=5, wildcards=5, rules=100)


@dataclass
class RulesInMemory:
    """`calls`: the actions in the order of the calls, as in an API's journal."""

    rules: dict[Arn, ListenerRule]
    tags_of: dict[Arn, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    written: list[ListenerRule] = field(default_factory=list)
    """The rules as weights were written to them."""
    answers_writes: bool = True
    """Whether a write of weights is answered; it is done in any case."""
    lagging: Mapping[Arn, ListenerRule] | None = None
    """The rules that reads show instead of the current ones."""
    during: dict[str, Callable[[], object]] = field(default_factory=dict)
    """By action, what happens once during a call: of a read, when it has read and has not returned yet."""
    refusals: dict[str, Problem] = field(default_factory=dict)
    unanswered_creates: list[Callable[[], object]] | None = None
    """If this is a list, no create is answered; a function that applies the create is appended instead."""
    limit: Limits = _LIMITS
    gone: Collection[Arn] = ()
    """Listeners that were deleted."""
    reserved: list[int] = field(default_factory=list)
    """The numbers of writes that calls reserved before they took a lock."""
    while_reserving: Callable[[], object] = lambda: None
    """Happens once, when a call reserves writes."""
    begun: list[Call] = field(default_factory=list)
    """The calls that have begun."""
    ended: list[Call] = field(default_factory=list)
    """The calls that have ended."""
    since: list[float] = field(default_factory=list)
    """Since when the reads of rules had to begin."""

    @property
    def elbv2(self) -> Elbv2:
        return Elbv2(self, _Tags(self), _AccountLimits(self), _Listeners(self), _Seats(self))

    def read(self, listeners: frozenset[Arn], since: float, call: Call) -> Snapshot:
        shown = {arn: rule for arn, rule in self.shown.items() if listener_of(arn) in listeners}
        self.since.append(since)
        self.record("DescribeRules", call)
        for listener in listeners.intersection(self.gone):
            raise ListenerNotFound(listener)
        return Snapshot(shown, dict.fromkeys(listeners, since))

    @contextmanager
    def reserved_writes(self, rules: Collection[Arn], call: Call) -> Iterator[Call]:
        if rules:
            happens, self.while_reserving = self.while_reserving, lambda: None
            happens()
        self.reserved.append(len(rules))
        yield call

    def write(self, rule: ListenerRule, call: Call) -> ListenerRule:
        self.record("ModifyRule of weights", call)
        self.rules = {**self.rules, rule.arn: rule}
        self.written.append(rule)
        if not self.answers_writes:
            raise OutcomeUnknown("elasticloadbalancing:ModifyRule", rule.arn, "read timed out")
        return rule

    def create(self, rule: HeaderRule, tags: Mapping[str, str], call: Call) -> ListenerRule:
        self.record("CreateRule", call)
        created = self._as(rule, self._next_arn(rule.listener), rule.priority)

        if self.unanswered_creates is not None:
            self.unanswered_creates.append(lambda: self._add(created, tags))
            raise OutcomeUnknown("elasticloadbalancing:CreateRule", rule.listener, "read timed out")
        return self._add(created, tags)

    def replace(self, arn: Arn, rule: HeaderRule, call: Call) -> ListenerRule:
        self.record("ModifyRule", call)
        if arn not in self.rules:
            raise RuleNotFound(arn)
        changed = self._as(rule, arn, self.rules[arn].priority)
        self.rules = {**self.rules, arn: changed}
        return changed

    def delete(self, arn: Arn, call: Call) -> None:
        self.record("DeleteRule", call)
        self.remove(arn)

    def remove(self, arn: Arn) -> None:
        """Deletes a rule as another client of AWS would."""
        self.rules = {other: rule for other, rule in self.rules.items() if other != arn}

    def put(self, rule: ListenerRule, tags: Mapping[str, str]) -> ListenerRule:
        """Adds or replaces a rule as another client of AWS would."""
        return self._add(rule, tags)

    def count(self, *actions: str) -> int:
        return sum(call in actions for call in self.calls)

    @property
    def shown(self) -> Mapping[Arn, ListenerRule]:
        return self.rules if self.lagging is None else self.lagging

    def record(self, action: str, call: Call) -> None:
        call.require_current()
        self.calls.append(action)
        if refusal := self.refusals.get(action):
            raise refusal
        self.during.pop(action, lambda: None)()

    def _add(self, rule: ListenerRule, tags: Mapping[str, str]) -> ListenerRule:
        self.rules = {**self.rules, rule.arn: rule}
        self.tags_of[rule.arn] = dict(tags)
        return rule

    def _next_arn(self, listener: Arn) -> Arn:
        return Arn(f"{listener.replace(':listener/', ':listener-rule/')}/{len(self.calls):04x}")

    def _as(self, rule: HeaderRule, arn: Arn, priority: int | None) -> ListenerRule:
        described = ListenerRule(arn, (Forward(rule.group, 1),), (*rule.before_forward, {"Type": "forward"}))
        return replace(
            described, priority=priority, conditions=rule.conditions, transforms=tuple(rule.transforms)
        )


@dataclass(frozen=True)
class _Tags:
    aws: RulesInMemory

    def read(self, resources: Collection[Arn], call: Call) -> Mapping[Arn, Mapping[str, str]]:
        """Only the check of the access reads the tags of other resources than rules."""
        others = {arn for arn in resources if ":listener-rule/" not in arn}
        if resources:
            self.aws.record("DescribeTags for access" if others else "DescribeTags", call)
        existing = {*self.aws.shown, *(others - set(self.aws.gone))}
        return {arn: self.aws.tags_of.get(arn, {}) for arn in resources if arn in existing}


@dataclass(frozen=True)
class _Seats:
    aws: RulesInMemory

    def enter(self, call: Call) -> None:
        self.aws.begun.append(call)

    def leave(self, call: Call) -> None:
        self.aws.ended.append(call)


@dataclass(frozen=True)
class _AccountLimits:
    aws: RulesInMemory

    def read(self, listener: Arn, call: Call) -> Limits:  # noqa: ARG002  the port's form
        self.aws.record("DescribeAccountLimits", call)
        return self.aws.limit


@dataclass(frozen=True)
class _Listeners:
    aws: RulesInMemory

    def read_beside(self, listener: Arn, call: Call) -> frozenset[Arn]:
        self.aws.record("DescribeListeners", call)
        return frozenset({listener, *map(listener_of, self.aws.rules)})
