"""The values that decisions are made on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.arn import Arn
from elbv2_trafficrouter.routing.config import Config


@dataclass(frozen=True, slots=True)
class Destination:
    """A Service and its share of this Rollout's part of a rule, 0…1."""

    service: str
    share: Fraction


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
class ListenerRule:
    """A rule as it was read. `forwards` is empty where it does not forward, or not in a way to trust."""

    arn: Arn
    forwards: tuple[Forward, ...]
    actions: tuple[Mapping[str, object], ...]
    """As described: kept opaque, so that what routing does not know is preserved."""
    not_understood: tuple[str, ...] = ()
    """Elements of the actions that could not be sent back."""

    def shares_like(self, other: "ListenerRule", among: Collection[Arn] | None = None) -> bool:
        """Whether both name the same target groups with the same shares; order and scale mean nothing.

        `among`: the groups to look at, if not all.
        """
        return _shares(self.forwards, among) == _shares(other.forwards, among)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rules of one or more listeners, by one read."""

    rules: Mapping[Arn, ListenerRule]


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
class Verification:
    """What each rule was seen to have, and what is not as asked; None: it is verified."""

    trouble: Problem | None
    rules: tuple[RuleOutcome, ...] = ()


def _shares(forwards: tuple[Forward, ...], among: Collection[Arn] | None) -> dict[Arn, int]:
    weights = {one.group: one.weight for one in forwards if among is None or one.group in among}
    unit = gcd(*weights.values()) or 1
    return {group: weight // unit for group, weight in weights.items()}
