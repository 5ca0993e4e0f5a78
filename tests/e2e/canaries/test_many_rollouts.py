"""Many Rollouts at once: each rule has the weights of its own Rollout."""

from concurrent.futures import ThreadPoolExecutor

from cluster.applications.petclinic import NEW, Petclinic, petclinic, weights_of
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.traffic.shares import assert_share
from cluster.world import World
from support.manifest import Object

NUMBER = 20
STEPS: list[Object] = [{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
OVER_BUDGET = "RESOURCE_EXHAUSTED: Too many calls already wait for this router's share of AWS's API limits"
SOON = {"scaleDownDelaySeconds": 1, "abortScaleDownDelaySeconds": 1}


def assert_users_get(clinic: Petclinic, percent: int) -> None:
    """So many percent of the requests get the new version."""
    with clinic.load() as load:
        assert_share(load, NEW, percent)


def test_two_rollouts_move_independently(newest: World) -> None:
    north, south = (
        petclinic(newest, name, steps=[{"setWeight": weight}, {"pause": {}}], canary=SOON)
        for name, weight in (("many-north", 10), ("many-south", 60))
    )
    for clinic in (north, south):
        clinic.wait_promoted()
        clinic.set_image(NEW)
    wait_until_settled(north, 10)
    wait_until_settled(south, 60)
    assert_users_get(north, 10)
    assert_users_get(south, 60)

    north.cli("abort", "was")
    north.wait(lambda status: weights_of(status)["canary"] == 0, "its abort was done")
    wait_registered(north)
    assert_users_get(north, 0)
    assert_users_get(south, 60)

    south.cli("promote", "was")
    south.wait_promoted()
    assert (north.written(), south.written()) == ([10, 0], [60, 100, 0])
    assert (north.events(), south.events()) == (["RolloutAborted: Rollout aborted update to revision 2"], [])


def test_twenty_rollouts_at_once_are_exact_at_each_pause(newest: World) -> None:
    with ThreadPoolExecutor() as people:
        clinics = list(
            people.map(
                lambda number: petclinic(newest, f"many-{number}", steps=STEPS, replicas=1, canary=SOON),
                range(NUMBER),
            )
        )
        for clinic in clinics:
            clinic.wait_promoted()
        list(people.map(lambda clinic: clinic.set_image(NEW), clinics))
        for weight in (10, 50):
            for clinic in clinics:
                wait_until_settled(clinic, weight)
            list(people.map(lambda clinic: clinic.cli("promote", "was"), clinics))
        for clinic in clinics:
            clinic.wait_promoted()
    assert [clinic.written() for clinic in clinics] == [[10, 50, 100, 0]] * NUMBER
    events = {event for clinic in clinics for event in clinic.events()}
    assert [event for event in events if OVER_BUDGET not in event] == []
