"""An update of a Rollout with header routes, by a router in front of rules in memory."""

from dataclasses import dataclass, replace
from typing import Any

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute, Intent, ManagedRoutes
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome, Outcome
from elbv2_trafficrouter.routing.ownership import Installation, Owner
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.routing.rule import Condition, Forward, ListenerRule
from support.router.caller import Caller
from support.router.intents import ACCOUNT, CANARY, RULE, STABLE, asking_for
from support.router.rules_in_memory import RulesInMemory
from support.router.runtime import Runtime

FORWARD = {"Type": "forward"}
PATH = Condition("path-pattern", frozenset({"/petclinic*"}))
ALICE = Condition("http-header", frozenset({"alice"}), name="X-User")
BASE = ListenerRule(
    RULE,
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
        Arn(f"{ACCOUNT}:listener-rule/app/petclinic/50dc/9f2a/ea71"),
        (Forward(CANARY, 1),),
        (FORWARD,),
        priority=8,
        conditions=frozenset({PATH, ALICE}),
    )
    return replace(rule, **changes)


@dataclass
class Update:
    """An update that has reached the step of its header routes: the controller's calls, and AWS."""

    aws: RulesInMemory
    runtime: Runtime
    router: Router

    @classmethod
    def on(cls, *rules: ListenerRule) -> "Update":
        """An update of a Rollout whose listener has these rules; only the base if there are none."""
        aws, runtime = RulesInMemory({rule.arn: rule for rule in rules or (BASE,)}), Runtime()
        return cls(aws, runtime, Router(aws.elbv2, runtime, INSTALLATION))

    def restart(self) -> None:
        """Starts a new router, which remembers nothing."""
        self.router = Router(self.aws.elbv2, self.runtime, INSTALLATION)

    def set_weight(self, weight: int = 10, **managed_routes: Any) -> Outcome:
        return self.router.set_weight(_asking_for(weight, **managed_routes), Caller())

    def set_header_route(
        self, route: HeaderRoute = BETA, **managed_routes: Any
    ) -> tuple[HeaderRuleOutcome, ...]:
        return self.router.set_header_route(_asking_for(0, **managed_routes), route, Caller())

    def remove_managed_routes(self) -> tuple[Arn, ...]:
        return self.router.remove_managed_routes(_asking_for(0), Caller())

    def verify_weight(self, weight: int = 10, **managed_routes: Any) -> str:
        """Why the weight is not verified; empty if it is."""
        trouble = self.router.verify_weight(_asking_for(weight, **managed_routes), Caller()).trouble
        return trouble.sentence if trouble else ""

    @property
    def header_rules(self) -> dict[str, ListenerRule]:
        """The rules with this Rollout's tags, by the name of their route."""
        return {
            self.aws.tags_of[arn]["elbv2-trafficrouter/route"]: rule
            for arn, rule in self.aws.rules.items()
            if WAS.tags.items() <= self.aws.tags_of.get(arn, {}).items()
        }


def _asking_for(weight: int, *, wanted: tuple[HeaderRoute, ...] = (BETA,), may_exist: bool = True) -> Intent:
    names = tuple(dict.fromkeys(("beta", "internal", *(route.name for route in wanted))))
    return asking_for(weight, managed_routes=ManagedRoutes(names, wanted, may_exist))
