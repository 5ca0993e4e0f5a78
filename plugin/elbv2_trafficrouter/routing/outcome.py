"""What a call did or found."""

from dataclasses import dataclass

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.rule import ListenerRule, SteeredRule


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A rule as it is now, and whether this call modified it."""

    rule: ListenerRule
    steered: SteeredRule
    changed: bool


@dataclass(frozen=True, slots=True)
class HeaderRuleOutcome:
    """The rule of a header route as it is now, and whether this call created or modified it."""

    route: str
    rule: ListenerRule
    changed: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every steered rule as it is now, and the rules of header routes that were recreated."""

    rules: tuple[RuleOutcome, ...]
    header_rules: tuple[HeaderRuleOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """The rules as they were read. `trouble`: what does not match the request; None if all is verified."""

    trouble: Problem | None
    rules: tuple[RuleOutcome, ...] = ()
