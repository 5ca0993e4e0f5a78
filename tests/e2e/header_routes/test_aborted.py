"""An abort removes a header route in one write, however often Argo Rollouts repeats it."""

from cluster.applications.header_routes import (
    REPLICAS,
    beta_route,
    both_loads,
    deploy,
    listener_rules,
    writes,
)
from cluster.applications.petclinic import NEW, OLD, Petclinic
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from support.manifest import Object

STEPS: list[Object] = [{"setWeight": 25}, beta_route(), {"pause": {}}]
ROUTE_FIRST: list[Object] = [beta_route(), {"setWeight": 25}, {"pause": {}}]
MADE = ["ModifyRule 25", "CreateRule beta"]
TAKEN_BACK = ["DeleteRule", "ModifyRule 0"]
ABORTED = "RolloutAborted: Rollout aborted update to revision 2"


def test_an_abort_removes_the_route_once_and_a_retry_sets_it_again(newest: World) -> None:
    clinic = deploy(newest, "header-abort", STEPS)
    before = listener_rules(clinic)
    with both_loads(clinic) as (marked, others):
        clinic.set_image(NEW)
        wait_until_settled(clinic, 25)
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 75, NEW: 25})

        abort(clinic)
        assert_only(marked, OLD)
        assert_only(others, OLD)
        assert writes(clinic) == [*MADE, *TAKEN_BACK]
        assert listener_rules(clinic) == before

        clinic.cli("retry", "rollout", "was")
        wait_until_settled(clinic, 25)
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 75, NEW: 25})
        assert writes(clinic) == [*MADE, *TAKEN_BACK, *MADE]
    assert clinic.events() == [ABORTED]


def abort(clinic: Petclinic) -> None:
    """Aborts, and waits for the end of the canary's pods: until then Argo Rollouts reconciles nonstop.

    The router reads the rules far less often than the controller reconciles.
    """
    reads, reconciles = len(clinic.calls("DescribeRules")), clinic.reconciles()
    clinic.cli("abort", "was")
    clinic.wait(lambda status: status["replicas"] == REPLICAS, "the canary's pods were gone")
    reconciles = clinic.reconciles() - reconciles
    assert reconciles > 10
    assert len(clinic.calls("DescribeRules")) - reads < reconciles / 2
    wait_registered(clinic)


def test_a_route_of_the_first_step_waits_for_a_pod_and_is_removed_by_an_abort(newest: World) -> None:
    """In both cases Argo Rollouts removes and sets routes in turn."""
    clinic = deploy(newest, "header-first", ROUTE_FIRST)
    before = listener_rules(clinic)
    with both_loads(clinic) as (marked, others):
        with newest.cluster.cordoned():
            clinic.set_image(NEW)
            clinic.wait(lambda status: status.get("updatedReplicas") == 1, "it waited for a pod")
            assert_only(marked, OLD)
            assert clinic.status()["currentStepIndex"] == 1
            assert writes(clinic) == []
        wait_until_settled(clinic, 25)
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 75, NEW: 25})
        assert writes(clinic) == MADE
        abort(clinic)
        assert_only(marked, OLD)
        assert_only(others, OLD)
    assert writes(clinic) == [*MADE, *TAKEN_BACK]
    assert listener_rules(clinic) == before
    assert clinic.events() == [ABORTED]
