"""The controller's calls for a Rollout with header routes, to a router in front of rules in memory."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.rollout.config import Config, NamedRule
from elbv2_trafficrouter.rollout.intent import Destination, HeaderMatch, HeaderRoute, Intent, ManagedRoutes
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome, Outcome
from elbv2_trafficrouter.routing.ownership import Installation, Owner
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.routing.rule import Condition, Forward, ListenerRule
from support.router.caller import Caller
from support.router.rules_in_memory import RulesInMemory
from support.router.runtime import Runtime

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
STABLE, CANARY = Arn(f"{OWNER}:targetgroup/was-stable/1"), Arn(f"{OWNER}:targetgroup/was-canary/2")
WEB = Arn(f"{OWNER}:targetgroup/web/3")
LISTENER = Arn(f"{OWNER}:listener/app/petclinic/50dc/9f2a")
FORWARD = {"Type": "forward"}
PATH = Condition("path-pattern", frozenset({"/petclinic*"}))
ALICE = Condition("http-header", frozenset({"alice"}), name="X-User")
BASE = ListenerRule(
    Arn(f"{OWNER}:listener-rule/app/petclinic/50dc/9f2a/ba5e"),
    (Forward(STABLE, 90), Forward(CANARY, 10)),
    (FORWARD,),
    priority=10,
    conditions=frozenset({PATH}),
)
INSTALLATION = Installation("lab")
WAS = Owner(INSTALLATION, "petclinic", "was", "0b2f")
BETA = HeaderRoute("beta", (HeaderMatch("X-User", exact="alice"),))
INTERNAL = HeaderRoute("internal", (HeaderMatch("X-Team", exact="vets"),))


def rule_of_beta(**changes: Any) -> ListenerRule:
    """The rule of the header route beta, as another process has created it."""
    rule = ListenerRule(
        Arn(f"{OWNER}:listener-rule/app/petclinic/50dc/9f2a/ea71"),
        (Forward(CANARY, 1),),
        (FORWARD,),
        priority=8,
        conditions=frozenset({PATH, ALICE}),
    )
    return replace(rule, **changes)


def asking_for(weight: int, *, may_exist: bool = True, wanted: tuple[HeaderRoute, ...] = (BETA,)) -> Intent:
    share = Fraction(weight, 100)
    names = tuple(dict.fromkeys(("beta", "internal", *(route.name for route in wanted))))
    return Intent(
        namespace="petclinic",
        rollout="was",
        stable=Destination("was-stable", 1 - share),
        canary=Destination("was-canary", share),
        additional_destinations=(),
        max_weight=100,
        config=Config(
            rules=(NamedRule(BASE.arn),), target_groups={"was-stable": STABLE, "was-canary": CANARY}
        ),
        uid="0b2f",
        managed_routes=ManagedRoutes(names, wanted, may_exist),
    )


@dataclass
class Story:
    """The calls during an update that has reached the step of its header routes."""

    aws: RulesInMemory
    runtime: Runtime
    router: Router

    @classmethod
    def of(cls, *rules: ListenerRule) -> "Story":
        aws, runtime = RulesInMemory({rule.arn: rule for rule in rules or (BASE,)}), Runtime()
        return cls(aws, runtime, Router(aws.elbv2, runtime, INSTALLATION))

    def restart(self) -> None:
        """Starts a new router, which remembers nothing."""
        self.router = Router(self.aws.elbv2, self.runtime, INSTALLATION)

    def set_weight(self, weight: int = 10, **intent: Any) -> Outcome:
        return self.router.set_weight(asking_for(weight, **intent), Caller())

    def set_header_route(self, route: HeaderRoute = BETA, **intent: Any) -> tuple[HeaderRuleOutcome, ...]:
        return self.router.set_header_route(asking_for(0, **intent), route, Caller())

    def remove_managed_routes(self) -> tuple[Arn, ...]:
        return self.router.remove_managed_routes(asking_for(0), Caller())

    def verify_weight(self, weight: int = 10, **intent: Any) -> str:
        """Why the weight is not verified; empty if it is."""
        trouble = self.router.verify_weight(asking_for(weight, **intent), Caller()).trouble
        return trouble.sentence if trouble else ""

    @property
    def header_rules(self) -> dict[str, ListenerRule]:
        """The rules with this Rollout's tags, by the name of their route."""
        return {
            self.aws.tags_of[arn]["elbv2-trafficrouter/route"]: rule
            for arn, rule in self.aws.rules.items()
            if WAS.tags.items() <= self.aws.tags_of.get(arn, {}).items()
        }
