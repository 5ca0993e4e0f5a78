"""What a call did, or found."""

from dataclasses import dataclass

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.rule import ListenerRule, SteeredRule


@dataclass(frozen=True, slots=True)
class HeaderOutcome:
    """A rule of a header route as it is now, and whether this call made or changed it."""

    route: str
    rule: ListenerRule
    changed: bool


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A rule as it is now, and whether this call wrote it."""

    rule: ListenerRule
    route: SteeredRule
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
