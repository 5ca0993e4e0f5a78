"""The ELBv2 values that decisions are based on: rules, their target groups and conditions, quotas."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import gcd

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors.rules import DefaultRuleNamed, RuleNotFound

MAX_WEIGHT = 999
"""The largest weight of a target group in a forward action. Source: API reference, TargetGroupTuple."""
DEFAULT_RULES_PER_LOAD_BALANCER = 100
"""The quota unless AWS has raised it for the account. Source: Quotas for your Application Load Balancers."""


@dataclass(frozen=True, slots=True)
class SteeredRule:
    """A rule whose weights a Rollout sets, and the target group of each of the Rollout's Services there."""

    rule: Arn
    """For a default action: the ARN of the listener."""
    groups: Mapping[str, Arn]

    @property
    def listener(self) -> Arn:
        return listener_of(self.rule)

    @property
    def our_groups(self) -> frozenset[Arn]:
        """The Rollout's target groups. All other target groups in the rule are foreign."""
        return frozenset(self.groups.values())


@dataclass(frozen=True, slots=True)
class Forward:
    """A target group in a forward action, with its weight (0 to 999)."""

    group: Arn
    weight: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A request meets the condition if it has any one of the values.

    `name`: the header's name, in an http-header condition. The values of a query-string condition are pairs
    of key and value. `is_regex`: the values are regular expressions.
    """

    field: str
    values: frozenset[str | tuple[str, str]]
    is_regex: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class ListenerRule:
    """A rule as ELBv2 describes it. `forwards` is empty without a forward action of a known form."""

    arn: Arn
    """For a default action: the ARN of the listener."""
    forwards: tuple[Forward, ...]
    actions: tuple[Mapping[str, object], ...]
    """In the form that ELBv2 accepts. Opaque, so that elements that routing does not know are preserved."""
    unwritable: tuple[str, ...] = ()
    """Elements of the actions that can't be sent back to ELBv2."""
    priority: int | None = None
    """1 to 50000. The lowest number is evaluated first. None for a default action."""
    conditions: frozenset[Condition] = frozenset()
    transforms: tuple[Mapping[str, object], ...] = ()
    uncopyable: tuple[str, ...] = ()
    """Elements outside the actions that can't be copied to another rule."""
    default_rule: Arn | None = field(default=None, compare=False)
    """For a default action: the ARN that DescribeRules shows for it. ELBv2 accepts no write to it."""

    @property
    def before_forward(self) -> tuple[Mapping[str, object], ...]:
        """The actions before the forward action, which authenticate the user or validate a token."""
        return tuple(action for action in self.actions if action["Type"] != "forward")

    def shares_like(self, other: "ListenerRule", among: Collection[Arn] | None = None) -> bool:
        """Whether both rules give the same shares to the same target groups, in any order and scale.

        `among`: the target groups to compare; None for all.
        """
        return _shares(self.forwards, among) == _shares(other.forwards, among)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rules of one or more listeners, as they were read.

    `began`: for each listener, when the read began on the runtime's clock.
    """

    rules: Mapping[Arn, ListenerRule]
    began: Mapping[Arn, float]

    def with_snapshot(self, other: "Snapshot") -> "Snapshot":
        return Snapshot({**self.rules, **other.rules}, {**self.began, **other.began})

    def with_rules(self, rules: Mapping[Arn, ListenerRule]) -> "Snapshot":
        return Snapshot({**self.rules, **rules}, self.began)


def rule_named(arn: Arn, rules: Mapping[Arn, ListenerRule]) -> ListenerRule:
    """The rule that the configuration names. Raises DefaultRuleNamed and RuleNotFound."""
    if (rule := rules.get(arn)) is not None:
        return rule
    if any(rule.default_rule == arn for rule in rules.values()):
        raise DefaultRuleNamed(arn, listener_of(arn))
    raise RuleNotFound(arn)


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """The rule that a header route needs."""

    route: str
    base: Arn
    """The rule that this one belongs directly above. For a default action: the ARN of the listener."""
    priority: int
    conditions: frozenset[Condition]
    before_forward: tuple[Mapping[str, object], ...]
    group: Arn
    transforms: tuple[Mapping[str, object], ...]

    @property
    def listener(self) -> Arn:
        return listener_of(self.base)

    def is_like(self, rule: ListenerRule) -> bool:
        """Whether `rule` does the same with the same requests. Priority and tags are not compared."""
        return (
            rule.conditions == self.conditions
            and not rule.uncopyable
            and rule.before_forward == self.before_forward
            and [forward.group for forward in rule.forwards] == [self.group]
            and rule.transforms == self.transforms
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """Quotas of an account: condition values and wildcards per rule, and rules per load balancer."""

    values: int
    wildcards: int
    rules: int


def _shares(forwards: tuple[Forward, ...], among: Collection[Arn] | None) -> dict[Arn, int]:
    weights = {
        forward.group: forward.weight for forward in forwards if among is None or forward.group in among
    }
    unit = gcd(*weights.values()) or 1
    return {group: weight // unit for group, weight in weights.items()}
