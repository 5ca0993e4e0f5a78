"""A header route that AWS would not take is told by an event. Its correction is enough, or an abort."""

import pytest

from cluster.counts import await_shares, only
from cluster.header_routes import REPLICAS, at_rest, beta_route, both, header_route, routes, writes
from cluster.load import Load
from cluster.petclinic import NEW, OLD, PRIORITY, Petclinic
from cluster.resting import wait_registered, wait_resting
from cluster.told import told, wait_told
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
        "ELBv2 takes 128: shorten it, or match a prefix.",
    ),
)
LOOKS_AHEAD = (
    {"regex": "100%(?=x)"},
    InvalidHeaderRoute(
        "beta",
        "match[0].headerValue.regex",
        "is '100%(?=x)'",
        "ELBv2's regular expressions have no look-around and no references to groups.",
    ),
)


def refused(world: World, name: str, value: Object) -> Petclinic:
    """On its way to a route with this value of its header."""
    clinic = at_rest(world, name, steps(header_route("beta", ("X-Beta", value))))
    clinic.set_image(NEW)
    return clinic


def steps(route: Object) -> list[Object]:
    return [{"setWeight": 25}, route, {"pause": {}}]


def assert_held(clinic: Petclinic, marked: Load) -> None:
    """At the weight that it had, and nobody asked AWS for the route."""
    wait_registered(clinic)
    await_shares(marked, {OLD: 75, NEW: 25})
    assert clinic.status()["currentStepIndex"] == 1
    assert writes(clinic) == ["ModifyRule 25"]


@pytest.mark.parametrize(
    ("value", "problem"), [TOO_LONG, LOOKS_AHEAD], ids=["too-long", "with-a-percent-sign"]
)
def test_a_refused_route_is_reported_until_the_step_is_fixed(
    value: Object, problem: Problem, request: pytest.FixtureRequest, newest: World
) -> None:
    clinic = refused(newest, request.node.callspec.id, value)
    with both(clinic) as (marked, others):
        wait_told(clinic, problem)
        assert_held(clinic, marked)
        clinic.patch({"spec": {"strategy": {"canary": {"steps": steps(beta_route())}}}})
        wait_resting(clinic, 25)
        assert routes(clinic) == [("beta", PRIORITY - 1)]
        only(marked, NEW)
        await_shares(others, {OLD: 75, NEW: 25})
    assert writes(clinic) == ["ModifyRule 25", "CreateRule beta"]
    assert clinic.events() == [told(problem)]


def test_a_refused_route_can_be_aborted(newest: World) -> None:
    value, problem = TOO_LONG
    clinic = refused(newest, "refused-abort", value)
    with both(clinic) as (marked, others):
        wait_told(clinic, problem)
        assert_held(clinic, marked)
        clinic.cli("abort", "was")
        clinic.wait(lambda status: status["replicas"] == REPLICAS, "the canary's pods were gone")
        wait_registered(clinic)
        only(marked, OLD)
        only(others, OLD)
    assert writes(clinic) == ["ModifyRule 25", "ModifyRule 0"]
    assert clinic.events() == [told(problem), "RolloutAborted: Rollout aborted update to revision 2"]
