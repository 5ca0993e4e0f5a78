"""What AWS refuses of a header route holds no abort, is not asked in a storm, and is made good by itself."""

from collections.abc import Callable

import pytest

from cluster.counts import await_shares, only
from cluster.header_routes import REPLICAS, at_rest, beta_route, both, listed, lose, routes, writes
from cluster.petclinic import NEW, OLD, PRIORITY, weights_of
from cluster.process import wait_until
from cluster.resting import wait_registered, wait_resting
from cluster.told import told, wait_told
from cluster.world import World
from elbv2_trafficrouter.errors.aws import NotAllowed
from elbv2_trafficrouter.errors.managed_routes import MirrorRoutesNotImplemented
from support.manifest import Object
from support.router.petclinic import control

STEPS: list[Object] = [{"setWeight": 25}, beta_route(), {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
MIRROR: Object = {"setMirrorRoute": {"name": "beta", "match": [{"path": {"prefix": "/petclinic"}}]}}
MADE = ["ModifyRule 25", "CreateRule beta"]
MOST_DELETIONS = 4
"""In an abort's loop of four seconds, of which each removal that failed rests three."""
TOLD_SECONDS = 60
"""The bridge tells after 30 s why a weight is not verified, and is asked each 10 s."""


@pytest.mark.parametrize("ending", ["abort", "promote --full"])
def test_a_mirror_step_can_be_left(ending: str, newest: World) -> None:
    name = f"mirror-{ending.split(maxsplit=1)[0]}"
    clinic = at_rest(newest, name, [{"setWeight": 25}, MIRROR, {"pause": {}}])
    clinic.set_image(NEW)
    wait_told(clinic, MirrorRoutesNotImplemented())
    command, *flags = ending.split()
    clinic.cli(command, "was", *flags)
    if command == "abort":
        clinic.wait(lambda status: status["replicas"] == REPLICAS, "the canary's pods were gone")
        assert weights_of(clinic.status())["canary"] == 0
    else:
        clinic.wait_promoted()
    assert clinic.written() == [25, 0]


def test_a_deletion_that_iam_refuses_is_made_good_when_it_is_allowed(
    newest: World, fault: Callable[..., None]
) -> None:
    clinic = at_rest(newest, "header-undeletable", STEPS)
    before = listed(clinic)
    clinic.set_image(NEW)
    wait_resting(clinic, 25)
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
        seconds=TOLD_SECONDS,
    )
    assert listed(clinic) == before


def test_a_route_that_can_not_be_made_again_is_told_below_the_maximum(
    newest: World, fault: Callable[..., None]
) -> None:
    clinic = at_rest(newest, "header-unmakeable", STEPS)
    clinic.set_image(NEW)
    wait_resting(clinic, 25)
    fault("CreateRule", error="AccessDenied")
    lose(clinic)
    with both(clinic) as (marked, others):
        clinic.cli("promote", "was")
        problem = NotAllowed("elasticloadbalancing:CreateRule", clinic.listener, "")
        reason = told(problem).replace(f"{problem.kind.name}: ", "NOT_VERIFIED: ")
        wait_until(lambda: reason in clinic.events(), f"it was told: {reason}", seconds=TOLD_SECONDS)
        assert clinic.status()["currentStepIndex"] == STEPS.index({"setWeight": 50})
        await_shares(others, {OLD: 50, NEW: 50})
        control(newest.endpoint, "DELETE", "faults")
        wait_resting(clinic, 50)
        assert routes(clinic) == [("beta", PRIORITY - 1)]
        wait_registered(clinic)
        only(marked, NEW)
    assert clinic.events() == [reason]
