"""The values that decisions are made on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.arn import Arn, listener_of
from elbv2_trafficrouter.routing.config import Config


@dataclass(frozen=True, slots=True)
class Destination:
    """A Service and its share of this Rollout's part of a rule, 0…1."""

    service: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header of a header route and what its value shall be; one of the three is not empty."""

    header: str
    exact: str = ""
    prefix: str = ""
    regex: str = ""


@dataclass(frozen=True, slots=True)
class HeaderRoute:
    """Requests that shall go to the canary, as Argo says it. Without matches: none. Not checked yet."""

    name: str
    matches: tuple[HeaderMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagedRoutes:
    """The header routes that a Rollout may have, by precedence, and those that it should have now."""

    names: tuple[str, ...] = ()
    wanted: tuple[HeaderRoute, ...] = ()
    may_stand: bool = False
    """Not when the update is over, aborted or promoted in full: Argo Rollouts removes all then."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What one call asks for: checked, nothing looked up. The shares add up to 1."""

    namespace: str
    rollout: str
    stable: Destination
    canary: Destination
    additional_destinations: tuple[Destination, ...]
    max_weight: int
    config: Config
    uid: str = ""
    managed_routes: ManagedRoutes = ManagedRoutes()

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """All that have a share, stable first."""
        return (self.stable, self.canary, *self.additional_destinations)


@dataclass(frozen=True, slots=True)
class Route:
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
    not_understood: tuple[str, ...] = ()
    """Elements of the actions that could not be sent back."""
    priority: int | None = None
    """1…50000, the lowest first; None for a default action."""
    conditions: frozenset[Condition] = frozenset()
    transforms: tuple[Mapping[str, object], ...] = ()
    not_copyable: tuple[str, ...] = ()
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
            and not rule.not_copyable
            and rule.before_forward == self.before_forward
            and [forward.group for forward in rule.forwards] == [self.group]
            and rule.transforms == self.transforms
        )


@dataclass(frozen=True, slots=True)
class HeaderOutcome:
    """A rule of a header route as it is now, and whether this call made or changed it."""

    route: str
    rule: ListenerRule
    changed: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the account: condition values and wildcards of a rule, rules of a load balancer."""

    values: int
    wildcards: int
    rules: int


@dataclass(frozen=True, slots=True)
class Change:
    before: ListenerRule
    after: ListenerRule


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules as they shall be, and which of them have to be written. No changes: all is as asked."""

    rules: tuple[ListenerRule, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A rule as it is now, and whether this call wrote it."""

    rule: ListenerRule
    route: Route
    changed: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every rule as it is now, and the header rules that were made again."""

    rules: tuple[RuleOutcome, ...]
    header_rules: tuple[HeaderOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What each rule was seen to have, and what is not as asked; None: it is verified."""

    trouble: Problem | None
    rules: tuple[RuleOutcome, ...] = ()


def _shares(forwards: tuple[Forward, ...], among: Collection[Arn] | None) -> dict[Arn, int]:
    weights = {one.group: one.weight for one in forwards if among is None or one.group in among}
    unit = gcd(*weights.values()) or 1
    return {group: weight // unit for group, weight in weights.items()}
