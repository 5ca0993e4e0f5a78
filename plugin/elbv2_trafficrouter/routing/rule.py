"""The values that decisions are made on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import gcd

from elbv2_trafficrouter.arn import Arn, listener_of


@dataclass(frozen=True, slots=True)
class SteeredRule:
    """A rule and this Rollout's target group there for each of its Services."""

    rule: Arn
    groups: Mapping[str, Arn]


@dataclass(frozen=True, slots=True)
class Forward:
    """A target group in a forward action. Weight is 0…999."""

    group: Arn
    weight: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What a request must have to meet a rule: one of the values. `name`: of an http-header.

    A query-string's values are (key, value). `is_regex`: they are regular expressions.
    """

    field: str
    values: frozenset[str | tuple[str, str]]
    is_regex: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class ListenerRule:
    """A rule as it was read. `forwards` is empty where it does not forward, or not in a way to trust."""

    arn: Arn
    """Of a default action its listener's."""
    forwards: tuple[Forward, ...]
    actions: tuple[Mapping[str, object], ...]
    """As they can be sent back: kept opaque, so that what routing does not know is preserved."""
    unwritable: tuple[str, ...] = ()
    """Elements of the actions that could not be sent back."""
    priority: int | None = None
    """1…50000, the lowest first; None for a default action."""
    conditions: frozenset[Condition] = frozenset()
    transforms: tuple[Mapping[str, object], ...] = ()
    uncopyable: tuple[str, ...] = ()
    """Elements of all but the actions that another rule could not be given."""

    @property
    def before_forward(self) -> tuple[Mapping[str, object], ...]:
        """Its authentication, if it has one."""
        return tuple(action for action in self.actions if action["Type"] != "forward")

    def shares_like(self, other: "ListenerRule", among: Collection[Arn] | None = None) -> bool:
        """Whether both name the same target groups with the same shares; order and scale mean nothing.

        `among`: the groups to look at, if not all.
        """
        return _shares(self.forwards, among) == _shares(other.forwards, among)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rules of one or more listeners."""

    rules: Mapping[Arn, ListenerRule]

    def with_rules(self, more: Mapping[Arn, ListenerRule]) -> "Snapshot":
        return Snapshot({**self.rules, **more})


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """A rule of a header route as it shall be."""

    route: str
    base: Arn
    """The rule that it stands above; of a default action the listener's."""
    priority: int
    conditions: frozenset[Condition]
    before_forward: tuple[Mapping[str, object], ...]
    group: Arn
    transforms: tuple[Mapping[str, object], ...]

    @property
    def listener(self) -> Arn:
        return listener_of(self.base)

    def is_like(self, rule: ListenerRule) -> bool:
        """Whether the rule does the same to the same requests, whatever its priority and its tags."""
        return (
            rule.conditions == self.conditions
            and not rule.uncopyable
            and rule.before_forward == self.before_forward
            and [forward.group for forward in rule.forwards] == [self.group]
            and rule.transforms == self.transforms
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the account: condition values and wildcards of a rule, rules of a load balancer."""

    values: int
    wildcards: int
    rules: int


def _shares(forwards: tuple[Forward, ...], among: Collection[Arn] | None) -> dict[Arn, int]:
    weights = {one.group: one.weight for one in forwards if among is None or one.group in among}
    unit = gcd(*weights.values()) or 1
    return {group: weight // unit for group, weight in weights.items()}
