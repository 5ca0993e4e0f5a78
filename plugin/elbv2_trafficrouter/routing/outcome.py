"""What a call did or found."""

from dataclasses import dataclass

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.rule import ListenerRule, SteeredRule


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A rule as it is now, and whether this call wrote it."""

    rule: ListenerRule
    steered: SteeredRule
    changed: bool


@dataclass(frozen=True, slots=True)
class HeaderRuleOutcome:
    """A header route's rule as it is now, and whether this call created or changed it."""

    route: str
    rule: ListenerRule
    changed: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every steered rule as it is now, and the header routes' rules that were created again."""

    rules: tuple[RuleOutcome, ...]
    header_rules: tuple[HeaderRuleOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What each rule was read to have, and what does not match the request; None: it is verified."""

    trouble: Problem | None
    rules: tuple[RuleOutcome, ...] = ()
