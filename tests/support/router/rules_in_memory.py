"""Listener rules in memory, as both of routing's ports: the rules, and what reads show of them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.errors.rules import ListenerNotFound, RuleNotFound
from elbv2_trafficrouter.routing.ports import Call
from elbv2_trafficrouter.routing.rule import Forward, HeaderRule, Limits, ListenerRule, Snapshot
from elbv2_trafficrouter.routing.weights.plan import Change

_LIMITS = Limits(values=5, wildcards=5, rules=100)


@dataclass
class RulesInMemory:
    """`calls`: the actions in the order of the calls, as in an API's journal."""

    rules: dict[Arn, ListenerRule]
    tags_of: dict[Arn, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lagging: Mapping[Arn, ListenerRule] | None = None
    """The rules that reads show instead of the current ones."""
    during_read: Callable[[], None] = lambda: None
    """Runs once, after the rules were read and before the read returns."""
    refusals: dict[str, Problem] = field(default_factory=dict)
    unanswered_creates: list[Callable[[], None]] | None = None
    """If this is a list, no create is answered; a function that applies the create is appended instead."""
    limit: Limits = _LIMITS
    gone: Collection[Arn] = ()
    """Listeners that were deleted."""

    def read(self, listeners: frozenset[Arn], call: Call) -> Snapshot:  # noqa: ARG002  the port's form
        self._called("DescribeRules")
        for listener in listeners.intersection(self.gone):
            raise ListenerNotFound(listener)
        shown = {arn: rule for arn, rule in self._shown.items() if listener_of(arn) in listeners}
        during_read, self.during_read = self.during_read, lambda: None
        during_read()
        return Snapshot(shown)

    def write(self, change: Change) -> ListenerRule:
        self._called("ModifyRule of weights")
        self.rules = {**self.rules, change.after.arn: change.after}
        return change.after

    def tags(self, rules: Collection[Arn], call: Call) -> Mapping[Arn, Mapping[str, str]]:  # noqa: ARG002  the port's form
        if rules:
            self._called("DescribeTags")
        return {arn: self.tags_of.get(arn, {}) for arn in rules if arn in self._shown}

    def limits(self, listener: Arn) -> Limits:  # noqa: ARG002  the port's form
        self._called("DescribeAccountLimits")
        return self.limit

    def listeners_beside(self, listener: Arn, call: Call) -> frozenset[Arn]:  # noqa: ARG002  the port's form
        self._called("DescribeListeners")
        return frozenset({listener, *map(listener_of, self.rules)})

    def create(self, rule: HeaderRule, tags: Mapping[str, str]) -> ListenerRule:
        self._called("CreateRule")
        made = self._as(rule, self._next_arn(rule.listener), rule.priority)

        def land() -> None:
            self.rules = {**self.rules, made.arn: made}
            self.tags_of[made.arn] = dict(tags)

        if self.unanswered_creates is not None:
            self.unanswered_creates.append(land)
            raise OutcomeUnknown("elasticloadbalancing:CreateRule", rule.listener, "read timed out")
        land()
        return made

    def change(self, arn: Arn, rule: HeaderRule) -> ListenerRule:
        self._called("ModifyRule")
        if arn not in self.rules:
            raise RuleNotFound(arn)
        changed = self._as(rule, arn, self.rules[arn].priority)
        self.rules = {**self.rules, arn: changed}
        return changed

    def delete(self, rule: Arn) -> None:
        self._called("DeleteRule")
        self.rules = {arn: one for arn, one in self.rules.items() if arn != rule}

    def put(self, rule: ListenerRule, tags: Mapping[str, str]) -> ListenerRule:
        """Adds or replaces a rule as another client of AWS would."""
        self.rules = {**self.rules, rule.arn: rule}
        self.tags_of[rule.arn] = dict(tags)
        return rule

    def count(self, *actions: str) -> int:
        return sum(call in actions for call in self.calls)

    @property
    def _shown(self) -> Mapping[Arn, ListenerRule]:
        return self.rules if self.lagging is None else self.lagging

    def _called(self, action: str) -> None:
        self.calls.append(action)
        if refusal := self.refusals.get(action):
            raise refusal

    def _next_arn(self, listener: Arn) -> Arn:
        return Arn(f"{listener.replace(':listener/', ':listener-rule/')}/{len(self.calls):04x}")

    def _as(self, rule: HeaderRule, arn: Arn, priority: int | None) -> ListenerRule:
        made = ListenerRule(arn, (Forward(rule.group, 1),), (*rule.before_forward, {"Type": "forward"}))
        return replace(made, priority=priority, conditions=rule.conditions, transforms=tuple(rule.transforms))
