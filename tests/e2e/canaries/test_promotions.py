"""A person promotes the Rollout to its next step, or to the end."""

from cluster.applications.petclinic import NEW, OLD, Petclinic, petclinic
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from support.manifest import Object

STEPS: list[Object] = [
    {"setWeight": 25},
    {"pause": {}},
    {"setWeight": 50},
    {"pause": {}},
    {"setWeight": 75},
    {"pause": {}},
]


def at_25(world: World, name: str) -> Petclinic:
    clinic = petclinic(world, name, steps=STEPS, canary={"scaleDownDelaySeconds": 2})
    clinic.wait_promoted()
    wait_registered(clinic)
    clinic.set_image(NEW)
    wait_until_settled(clinic, 25)
    return clinic


def test_promote_continues_with_the_next_step(newest: World) -> None:
    clinic = at_25(newest, "promoted")
    with clinic.load() as load:
        assert_shares(load, {OLD: 75, NEW: 25})
        for weight in (50, 75):
            clinic.cli("promote", "was")
            wait_until_settled(clinic, weight)
            assert_shares(load, {OLD: 100 - weight, NEW: weight})
        clinic.cli("promote", "was")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
    assert clinic.written() == [25, 50, 75, 100, 0]
    assert clinic.events() == []


def test_promote_full_switches_the_services_instead_of_the_weights(newest: World) -> None:
    clinic = at_25(newest, "promoted-in-full")
    with clinic.load() as load:
        assert_shares(load, {OLD: 75, NEW: 25})
        clinic.cli("promote", "was", "--full")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
    assert clinic.written() == [25, 0]
    assert clinic.events() == []
