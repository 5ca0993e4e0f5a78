"""A header route survives a restart of the sidecar, and is recreated if its rule is lost."""

import signal
import time

from cluster.applications.header_routes import (
    beta_route,
    both_loads,
    delete_header_rule,
    deploy,
    listener_rules,
    routes,
    writes,
)
from cluster.applications.petclinic import CANARY, NEW, OLD, PRIORITY, STABLE, Petclinic
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.process import wait_until
from cluster.traffic.load import Load
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from elbv2_trafficrouter.routing.headers.recent import READS_LAG_SECONDS
from support.manifest import Object

STEPS: list[Object] = [{"setWeight": 25}, beta_route(), {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
ROUTES = [("beta", PRIORITY - 1)]
MADE = ["ModifyRule 25", "CreateRule beta"]
PROMOTED = ["ModifyRule 100", "DeleteRule", "ModifyRule 0"]
CUT_OFF = {"TrafficRoutingError"}
"""The events of a call that came before the bridge had found the new sidecar."""
REPEATED_SECONDS = 15
"""Argo Rollouts repeats VerifyWeight after 10 s; the rest is for a slow machine."""


def kill_sidecar(world: World) -> None:
    world.argo.sidecar.end(signal.SIGKILL)
    world.argo.start_sidecar()


def wait_while_reads_lag(clinic: Petclinic) -> None:
    """Until then the sidecar assumes that a rule it has created exists, because reads lag behind writes."""
    made = clinic.calls("CreateRule")[-1]["time"]
    wait_until(lambda: time.time() - made > READS_LAG_SECONDS, "reads no longer lagged")


def at_a_quarter(world: World, name: str, steps: list[Object] = STEPS) -> tuple[Petclinic, list[Object]]:
    """A canary at 25 with its route, and the rules that the listener had before."""
    clinic = deploy(world, name, steps)
    before = listener_rules(clinic)
    clinic.set_image(NEW)
    wait_until_settled(clinic, 25)
    assert routes(clinic) == ROUTES
    return clinic, before


def promote_to_the_end(clinic: Petclinic, marked: Load, others: Load) -> None:
    clinic.cli("promote", "was")
    clinic.wait_promoted()
    wait_registered(clinic)
    assert_only(marked, NEW)
    assert_only(others, NEW)


def test_a_new_sidecar_keeps_the_route_and_removes_it_in_the_end(newest: World) -> None:
    clinic, before = at_a_quarter(newest, "header-restart")
    with both_loads(clinic) as (marked, others):
        kill_sidecar(newest)
        assert_only(marked, NEW)
        clinic.cli("promote", "was")
        wait_until_settled(clinic, 50)
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 50, NEW: 50})
        kill_sidecar(newest)
        promote_to_the_end(clinic, marked, others)
    assert writes(clinic) == [*MADE, "ModifyRule 50", *PROMOTED]
    assert listener_rules(clinic) == before
    assert {event.partition(":")[0] for event in clinic.events()} <= CUT_OFF


def test_a_rule_that_somebody_deleted_is_recreated_at_the_next_reconcile(newest: World) -> None:
    clinic, before = at_a_quarter(newest, "header-deleted")
    wait_while_reads_lag(clinic)
    with both_loads(clinic) as (marked, others):
        delete_header_rule(clinic)
        assert_shares(marked, {OLD: 75, NEW: 25})
        assert_shares(others, {OLD: 75, NEW: 25})
        clinic.cli("promote", "was")
        clinic.wait_paused(50)
        assert routes(clinic) == ROUTES
        wait_until_settled(clinic, 50)
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 50, NEW: 50})
        promote_to_the_end(clinic, marked, others)
    # The reconcile that ends the pause comes before the one of the next step.
    assert writes(clinic) == [*MADE, "CreateRule beta", "ModifyRule 50", *PROMOTED]
    assert listener_rules(clinic) == before
    assert clinic.events() == []


def test_a_new_sidecar_holds_the_step_until_the_lost_route_is_recreated(newest: World) -> None:
    """At first it cannot distinguish a route that was lost from one that was removed on purpose."""
    clinic, before = at_a_quarter(newest, "header-held", [*STEPS[:3], {"setWeight": 75}, {"pause": {}}])
    controller = newest.argo.controller
    with both_loads(clinic) as (marked, others):
        with newest.cluster.cordoned():
            clinic.cli("promote", "was")
            clinic.wait(lambda status: status["updatedReplicas"] == 2, "it waited for another pod")
            said = controller.log.stat().st_size
            kill_sidecar(newest)
            delete_header_rule(clinic)
            assert_shares(others, {OLD: 75, NEW: 25})
            assert clinic.status()["currentStepIndex"] == 3
        wait_until(lambda: routes(clinic) == ROUTES, "the route was back", seconds=REPEATED_SECONDS)
        assert controller.logged(f' not yet verified" namespace={clinic.namespace} ', after=said)
        wait_until_settled(clinic, 75)
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 25, NEW: 75})
        promote_to_the_end(clinic, marked, others)
    made_again = writes(clinic)[2:4]
    assert sorted(made_again) == ["CreateRule beta", "ModifyRule 75"]
    assert writes(clinic) == [*MADE, *made_again, *PROMOTED]
    assert listener_rules(clinic) == before
    assert {event.partition(":")[0] for event in clinic.events()} <= CUT_OFF


def test_a_route_is_removed_and_recreated_with_the_canarys_pods(newest: World) -> None:
    clinic, before = at_a_quarter(newest, "header-no-pods")
    with both_loads(clinic) as (marked, others):
        with newest.cluster.cordoned():
            canary = f"rollouts-pod-template-hash={clinic.status()['currentPodHash']}"
            newest.cluster.kubectl("delete", "pod", "-n", clinic.namespace, "-l", canary, "--wait=false")
            wait_until(lambda: clinic.weights() == {STABLE: 100, CANARY: 0}, "the canary had no weight")
            assert listener_rules(clinic) == before
            assert_only(marked, OLD)
            assert_only(others, OLD)
        wait_until(lambda: routes(clinic), "the route was back")
        wait_until_settled(clinic, 25)
        assert routes(clinic) == ROUTES
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 75, NEW: 25})
    assert writes(clinic) == [*MADE, "DeleteRule", "ModifyRule 0", *MADE]
    assert clinic.events() == []
