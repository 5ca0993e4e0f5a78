"""A router forgets the Rollouts that are gone."""

import gc
from contextlib import suppress
from dataclasses import replace

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed
from elbv2_trafficrouter.rollout.intent import Intent, ManagedRoutes
from elbv2_trafficrouter.routing.ownership import Installation, Owner
from elbv2_trafficrouter.routing.router import Router
from support.router.caller import Caller
from support.router.intents import ACCOUNT, LISTENER, asking_for, configuration
from support.router.rules_in_memory import RulesInMemory
from support.router.runtime import Runtime
from support.router.update import BASE, BETA, INTERNAL

IN_FLIGHT = {"_turns", "_locks"}
FOR_A_MINUTE = {"_access"}


def sizes(router: Router) -> dict[str, int]:
    """The number of entries of each part of the router that remembers anything."""
    return {name: len(part) for name, part in vars(router).items() if hasattr(part, "__len__")}


def intent_of(rollout: int) -> Intent:
    """Each Rollout names a rule on a listener of its own."""
    return asking_for(
        25,
        rollout=f"gone-{rollout}",
        config=configuration(rule_of(rollout)),
        managed_routes=ManagedRoutes(("beta", "internal"), wanted=(BETA,), may_exist=True),
    )


def rule_of(rollout: int) -> Arn:
    return Arn(f"{ACCOUNT}:listener-rule/app/petclinic/50dc/{rollout:04x}/ba5e")


def make_all_calls(router: Router, aws: RulesInMemory, rollout: int) -> None:
    """Every other Rollout has trouble: AWS refuses or does not answer what its calls write."""
    intent, caller = intent_of(rollout), Caller()
    aws.rules = {rule_of(rollout): replace(BASE, arn=rule_of(rollout))}
    router.verify_weight(intent, caller)
    router.set_header_route(intent, INTERNAL, caller)
    with suppress(Problem):
        if rollout % 2:
            # New errors each time: an error that is raised again keeps all frames that it passed before.
            aws.refusals = {
                action: NotAllowed(action, LISTENER, "no") for action in ("CreateRule", "DeleteRule")
            }
        router.set_weight(intent, caller)
        router.verify_weight(intent, caller)
        router.remove_managed_routes(intent, caller)
    aws.refusals = {}
    if rollout % 2:
        router.verify_weight(intent, caller)
        aws.unanswered_creates = []
        with suppress(Problem):
            router.set_header_route(intent, BETA, caller)
        aws.unanswered_creates = None


def test_after_an_hour_nothing_is_left_of_a_thousand_rollouts_that_are_gone() -> None:
    runtime, aws = Runtime(), RulesInMemory({})
    router = Router(aws.elbv2, runtime, Installation())
    runtime.seconds += 11  # in its first 10 s, a process does not rely on a read without header rules
    for rollout in range(1000):
        make_all_calls(router, aws, rollout)
        runtime.seconds += 1
    remembered = sizes(router)
    assert {name for name, size in remembered.items() if size < 500} == IN_FLIGHT | FOR_A_MINUTE
    assert len(names_in_memory()) == 1000

    runtime.seconds += 3601
    make_all_calls(router, aws, rollout=1001)
    assert names_in_memory() == {"gone-1001"}
    new = Router(aws.elbv2, runtime, Installation())
    make_all_calls(new, aws, rollout=1001)
    assert sizes(router) == sizes(new)


def names_in_memory() -> set[str]:
    """The Rollouts of all objects of this process that identify one."""
    gc.collect()
    owners = [found for found in gc.get_objects() if isinstance(found, Owner)]
    return {owner.rollout for owner in owners if owner.rollout.startswith("gone-")}
