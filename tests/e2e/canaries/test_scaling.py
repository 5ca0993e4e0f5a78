"""The number of pods and their share of requests are independent, except with dynamicStableScale."""

import pytest

from cluster.applications.petclinic import CANARY, NEW, OLD, STABLE, Petclinic, petclinic, weights_of
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.traffic.load import Load
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from support.manifest import Object

PER_SECOND = 250


def pods(status: Object) -> dict[str, int]:
    canary = status.get("updatedReplicas", 0)
    return {"stable": status.get("replicas", 0) - canary, "canary": canary}


def wait_for_pods(clinic: Petclinic, **wanted: int) -> None:
    """Waits for so many pods that exist, Ready or not, and are not terminating."""
    clinic.wait(lambda status: pods(status) == wanted, f"its pods were {wanted}")


def assert_shared(clinic: Petclinic, load: Load, weight: int) -> None:
    wait_until_settled(clinic, weight)
    assert_shares(load, {OLD: 100 - weight, NEW: weight})


def test_stable_loses_pods_only_after_it_has_lost_weight(newest: World) -> None:
    clinic = petclinic(
        newest,
        "dynamic",
        steps=[{"setWeight": 50}, {"pause": {}}],
        replicas=4,
        canary={"dynamicStableScale": True},
    )
    clinic.wait_promoted()
    with clinic.load(PER_SECOND) as load:
        clinic.set_image(NEW)
        wait_for_pods(clinic, stable=2, canary=2)
        assert_shared(clinic, load, 50)
        clinic.cli("promote", "was")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
        wait_for_pods(clinic, stable=0, canary=4)
    assert clinic.written() == [50, 100, 0]
    assert clinic.events() == []


def test_an_abort_returns_weight_as_stable_grows(newest: World) -> None:
    steps: list[Object] = [{"setWeight": 25}, {"setWeight": 50}, {"setWeight": 75}, {"pause": {}}]
    # With abortScaleDownDelaySeconds set, 1.10.2 would stay at 50 for ever: argo-rollouts#4898.
    canary = {"dynamicStableScale": True}
    clinic = petclinic(newest, "dynamic-abort", steps=steps, replicas=4, canary=canary)
    clinic.wait_promoted()
    with clinic.load(PER_SECOND) as load:
        clinic.set_image(NEW)
        wait_for_pods(clinic, stable=1, canary=3)
        assert_shared(clinic, load, 75)
        with newest.cluster.cordoned():
            clinic.cli("abort", "was")
            wait_for_pods(clinic, stable=2, canary=3)
            assert_shares(load, {OLD: 25, NEW: 75})
            assert clinic.written() == [25, 50, 75]
            assert weights_of(clinic.status()) == {"stable": 25, "canary": 75}
        clinic.wait(lambda status: weights_of(status)["canary"] == 0, "it had no weight left")
        wait_for_pods(clinic, stable=4, canary=0)
        assert clinic.weights() == {STABLE: 100, CANARY: 0}
        wait_registered(clinic)
        assert_only(load, OLD)
    assert clinic.written() == [25, 50, 75, 50, 25, 0]
    assert clinic.events() == ["RolloutAborted: Rollout aborted update to revision 2"]


def test_a_canary_with_a_scale_of_its_own_gets_the_weight_of_its_step(newest: World) -> None:
    clinic = petclinic(
        newest,
        "canary-scale",
        steps=[
            {"setCanaryScale": {"replicas": 3}},
            {"pause": {}},
            {"setWeight": 10},
            {"pause": {}},
            {"setCanaryScale": {"weight": 25}},
            {"pause": {}},
            {"setWeight": 50},
            {"pause": {}},
        ],
        replicas=4,
    )
    clinic.wait_promoted()
    with clinic.load(PER_SECOND) as load:
        clinic.set_image(NEW)
        for canary, weight in ((3, 0), (3, 10), (1, 10), (1, 50)):
            wait_for_pods(clinic, stable=4, canary=canary)
            assert_shared(clinic, load, weight)
            clinic.cli("promote", "was")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
    assert clinic.written() == [10, 50, 100, 0]
    assert clinic.events() == []


@pytest.mark.parametrize(("replicas", "canary"), [(1, 1), (10, 3)])
def test_a_quarter_is_a_quarter_of_any_number_of_pods(replicas: int, canary: int, newest: World) -> None:
    clinic = petclinic(
        newest, f"replicas-{replicas}", steps=[{"setWeight": 25}, {"pause": {}}], replicas=replicas
    )
    clinic.wait_promoted()
    with clinic.load(PER_SECOND) as load:
        clinic.set_image(NEW)
        status = clinic.wait_paused(25)
        assert pods(status) == {"stable": replicas, "canary": canary}
        assert_shared(clinic, load, 25)
        clinic.cli("promote", "was")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
    assert clinic.written() == [25, 100, 0]
    assert clinic.events() == []


def without_pods(world: World, namespace: str) -> Petclinic:
    clinic = petclinic(world, namespace, steps=[{"setWeight": 25}, {"pause": {}}], replicas=0)
    clinic.wait(lambda status: status.get("phase") == "Healthy", "it was deployed")
    clinic.set_image(NEW)
    clinic.wait_paused(0)
    assert clinic.weights() == {STABLE: 100, CANARY: 0}
    return clinic


def test_a_canary_without_pods_ends_without_a_write(newest: World) -> None:
    clinic = without_pods(newest, "no-pods")
    clinic.cli("promote", "was")
    clinic.wait_promoted()
    assert clinic.written() == []
    clinic.patch({"spec": {"replicas": 2}})
    clinic.wait(lambda status: status.get("availableReplicas") == 2, "there were pods")
    wait_registered(clinic)
    with clinic.load(PER_SECOND) as load:
        assert_only(load, NEW)
    assert clinic.weights() == {STABLE: 100, CANARY: 0}
    assert clinic.written() == []
    assert clinic.events() == []


def test_a_canary_gets_the_weight_of_its_step_when_it_gets_pods(newest: World) -> None:
    clinic = without_pods(newest, "pods-later")
    clinic.patch({"spec": {"replicas": 2}})
    wait_until_settled(clinic, 25)
    with clinic.load(PER_SECOND) as load:
        assert_shares(load, {OLD: 75, NEW: 25})
        clinic.cli("promote", "was")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
    assert clinic.written() == [25, 100, 0]
    assert clinic.events() == []
