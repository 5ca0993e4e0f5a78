"""If AWS refuses a call for a header route, aborts go on and retries are few, until AWS accepts it."""

from collections.abc import Callable

import pytest

from cluster.applications.events import event_text, wait_for_event
from cluster.applications.header_routes import (
    REPLICAS,
    beta_route,
    both_loads,
    delete_header_rule,
    deploy,
    listener_rules,
    routes,
    writes,
)
from cluster.applications.petclinic import NEW, OLD, PRIORITY, weights_of
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.process import wait_until
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from elbv2_trafficrouter.errors.aws import NotAllowed
from elbv2_trafficrouter.errors.managed_routes import MirrorRoutesNotImplemented
from support.manifest import Object
from support.router.petclinic import control

STEPS: list[Object] = [{"setWeight": 25}, beta_route(), {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
MIRROR: Object = {"setMirrorRoute": {"name": "beta", "match": [{"path": {"prefix": "/petclinic"}}]}}
MADE = ["ModifyRule 25", "CreateRule beta"]
MOST_DELETIONS = 4
"""An abort repeats for four seconds, and after a failed removal the next one comes three seconds later."""
REPORTED_SECONDS = 60
"""The bridge reports after 30 s why a weight is not verified, and is called every 10 s."""


@pytest.mark.parametrize("ending", ["abort", "promote --full"])
def test_a_mirror_step_can_be_aborted_or_skipped(ending: str, newest: World) -> None:
    name = f"mirror-{ending.split(maxsplit=1)[0]}"
    clinic = deploy(newest, name, [{"setWeight": 25}, MIRROR, {"pause": {}}])
    clinic.set_image(NEW)
    wait_for_event(clinic, MirrorRoutesNotImplemented())
    command, *flags = ending.split()
    clinic.cli(command, "was", *flags)
    if command == "abort":
        clinic.wait(lambda status: status["replicas"] == REPLICAS, "the canary's pods were gone")
        assert weights_of(clinic.status())["canary"] == 0
    else:
        clinic.wait_promoted()
    assert clinic.written() == [25, 0]


def test_a_deletion_that_iam_refuses_succeeds_once_it_is_allowed(
    newest: World, fault: Callable[..., None]
) -> None:
    clinic = deploy(newest, "header-undeletable", STEPS)
    before = listener_rules(clinic)
    clinic.set_image(NEW)
    wait_until_settled(clinic, 25)
    fault("DeleteRule", error="AccessDenied")
    clinic.cli("abort", "was")
    clinic.wait(lambda status: status["replicas"] == REPLICAS, "the canary's pods were gone")
    assert 1 <= writes(clinic).count("DeleteRule") <= MOST_DELETIONS
    assert clinic.written() == [25, 0]
    control(newest.endpoint, "DELETE", "faults")
    elbv2, listener = clinic.elbv2, clinic.listener
    wait_until(
        lambda: len(elbv2.describe_rules(ListenerArn=listener)["Rules"]) == len(before),
        "its rule was gone",
        seconds=REPORTED_SECONDS,
    )
    assert listener_rules(clinic) == before


def test_a_route_that_cannot_be_recreated_is_reported_below_the_maximum(
    newest: World, fault: Callable[..., None]
) -> None:
    clinic = deploy(newest, "header-unmakeable", STEPS)
    clinic.set_image(NEW)
    wait_until_settled(clinic, 25)
    fault("CreateRule", error="AccessDenied")
    delete_header_rule(clinic)
    with both_loads(clinic) as (marked, others):
        clinic.cli("promote", "was")
        problem = NotAllowed("elasticloadbalancing:CreateRule", clinic.listener, "")
        reason = event_text(problem).replace(f"{problem.kind.name}: ", "NOT_VERIFIED: ")
        wait_until(
            lambda: reason in clinic.events(), f"there was an event: {reason}", seconds=REPORTED_SECONDS
        )
        assert clinic.status()["currentStepIndex"] == STEPS.index({"setWeight": 50})
        assert_shares(others, {OLD: 50, NEW: 50})
        control(newest.endpoint, "DELETE", "faults")
        wait_until_settled(clinic, 50)
        assert routes(clinic) == [("beta", PRIORITY - 1)]
        wait_registered(clinic)
        assert_only(marked, NEW)
    assert clinic.events() == [reason]
