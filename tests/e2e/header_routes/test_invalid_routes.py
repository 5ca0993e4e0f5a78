"""An event reports a header route that AWS would refuse. Correcting or aborting the Rollout is enough."""

import pytest

from cluster.applications.events import event_text, wait_for_event
from cluster.applications.header_routes import (
    REPLICAS,
    beta_route,
    both_loads,
    deploy,
    header_route,
    routes,
    writes,
)
from cluster.applications.petclinic import NEW, OLD, PRIORITY, Petclinic
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.traffic.load import Load
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.managed_routes import InvalidHeaderRoute
from support.manifest import Object

TOO_LONG = (
    {"exact": "x" * 129},
    InvalidHeaderRoute(
        "beta",
        "the value for 'X-Beta'",
        "is 129 characters long as a condition",
        "ELBv2 accepts 128 characters. Shorten the value, or match a prefix.",
    ),
)
LOOKS_AHEAD = (
    {"regex": "100%(?=x)"},
    InvalidHeaderRoute(
        "beta",
        "match[0].headerValue.regex",
        "is '100%(?=x)'",
        "Regular expressions in ELBv2 cannot use look-around or back-references.",
    ),
)


def refused(world: World, name: str, value: Object) -> Petclinic:
    """A canary that has a step with this value of the header before it."""
    clinic = deploy(world, name, steps(header_route("beta", ("X-Beta", value))))
    clinic.set_image(NEW)
    return clinic


def steps(route: Object) -> list[Object]:
    return [{"setWeight": 25}, route, {"pause": {}}]


def assert_held(clinic: Petclinic, marked: Load) -> None:
    """The canary keeps its weight, and AWS was not asked for the route."""
    wait_registered(clinic)
    assert_shares(marked, {OLD: 75, NEW: 25})
    assert clinic.status()["currentStepIndex"] == 1
    assert writes(clinic) == ["ModifyRule 25"]


@pytest.mark.parametrize(
    ("value", "problem"), [TOO_LONG, LOOKS_AHEAD], ids=["too-long", "with-a-percent-sign"]
)
def test_a_refused_route_is_reported_until_the_step_is_fixed(
    value: Object, problem: Problem, request: pytest.FixtureRequest, newest: World
) -> None:
    clinic = refused(newest, request.node.callspec.id, value)
    with both_loads(clinic) as (marked, others):
        wait_for_event(clinic, problem)
        assert_held(clinic, marked)
        clinic.patch({"spec": {"strategy": {"canary": {"steps": steps(beta_route())}}}})
        wait_until_settled(clinic, 25)
        assert routes(clinic) == [("beta", PRIORITY - 1)]
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 75, NEW: 25})
    assert writes(clinic) == ["ModifyRule 25", "CreateRule beta"]
    assert clinic.events() == [event_text(problem)]


def test_a_refused_route_can_be_aborted(newest: World) -> None:
    value, problem = TOO_LONG
    clinic = refused(newest, "refused-abort", value)
    with both_loads(clinic) as (marked, others):
        wait_for_event(clinic, problem)
        assert_held(clinic, marked)
        clinic.cli("abort", "was")
        clinic.wait(lambda status: status["replicas"] == REPLICAS, "the canary's pods were gone")
        wait_registered(clinic)
        assert_only(marked, OLD)
        assert_only(others, OLD)
    assert writes(clinic) == ["ModifyRule 25", "ModifyRule 0"]
    assert clinic.events() == [event_text(problem), "RolloutAborted: Rollout aborted update to revision 2"]
