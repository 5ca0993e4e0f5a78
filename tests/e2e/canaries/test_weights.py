"""Weights out of 1000, and a canary without weights."""

from cluster.applications.petclinic import CANARY, NEW, OLD, STABLE, petclinic, weights_of
from cluster.applications.settled import wait_registered
from cluster.traffic.shares import assert_only, assert_share
from cluster.world import World

PER_SECOND = 300
REQUESTS = {5: 3500, 50: 1500}
"""Enough to tell each of these weights from the other and from 0."""


def test_weights_out_of_1000_reach_users_as_tenths_of_a_percent(newest: World) -> None:
    clinic = petclinic(
        newest,
        "out-of-1000",
        steps=[{"setWeight": 5}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}],
    )
    clinic.wait_promoted()
    clinic.patch({"spec": {"strategy": {"canary": {"trafficRouting": {"maxTrafficWeight": 1000}}}}})
    clinic.wait(lambda status: weights_of(status)["stable"] == 1000, "weights were out of 1000")
    with clinic.load(PER_SECOND) as load:
        clinic.set_image(NEW)
        for weight, requests in REQUESTS.items():
            status = clinic.wait_paused(weight)
            assert weights_of(status) == {"stable": 1000 - weight, "canary": weight}
            assert clinic.weights() == {STABLE: 1000 - weight, CANARY: weight}
            wait_registered(clinic)
            assert_share(load, NEW, weight / 10, requests=requests)
            clinic.cli("promote", "was")
        # ELBv2's weights end at 999.
        clinic.wait_promoted({STABLE: 1, CANARY: 0})
        wait_registered(clinic)
        assert_only(load, NEW)
    assert weights_of(clinic.status()) == {"stable": 1000, "canary": 0}
    assert clinic.written() == [5, 50, 1, 0]
    assert clinic.events() == []


def test_a_canary_without_steps_leaves_all_weight_with_the_stable_service(newest: World) -> None:
    clinic = petclinic(newest, "without-steps", steps=[])
    clinic.wait_promoted()
    wait_registered(clinic)
    with clinic.load() as load:
        assert_only(load, OLD)
        clinic.set_image(NEW)
        status = clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
    assert weights_of(status) == {"stable": 100, "canary": 0}
    assert clinic.written() == []
    assert clinic.events() == []
