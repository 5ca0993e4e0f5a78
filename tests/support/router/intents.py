"""What a call for the Rollout petclinic/was asks for, and the ARNs that its configuration names."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.rollout.config import Config, NamedRule
from elbv2_trafficrouter.rollout.intent import Destination, Intent

ACCOUNT = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER = Arn(f"{ACCOUNT}:listener/app/petclinic/50dc/9f2a")
RULE = Arn(f"{ACCOUNT}:listener-rule/app/petclinic/50dc/9f2a/ba5e")
STABLE, CANARY = Arn(f"{ACCOUNT}:targetgroup/was-stable/1"), Arn(f"{ACCOUNT}:targetgroup/was-canary/2")
WEB = Arn(f"{ACCOUNT}:targetgroup/web/3")
"""A target group of somebody else."""
GROUPS = {"was-stable": STABLE, "was-canary": CANARY}


def asking_for(weight: int, *, max_weight: int = 100, **changes: Any) -> Intent:
    """An intent for the canary's share of the maximum, with other fields changed."""
    share = Fraction(weight, max_weight)
    fields: dict[str, Any] = {
        "namespace": "petclinic",
        "rollout": "was",
        "stable": Destination("was-stable", 1 - share),
        "canary": Destination("was-canary", share),
        "additional_destinations": (),
        "max_weight": max_weight,
        "config": configuration(),
        "uid": "0b2f",
    }
    return Intent(**{**fields, **changes})


def configuration(rule: Arn = RULE, groups: Mapping[str, Arn] | None = None) -> Config:
    """A configuration that names this rule. `groups`: more target groups by Service, or other ones."""
    return Config((NamedRule(rule),), {**GROUPS, **(groups or {})})
