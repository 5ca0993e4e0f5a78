"""An abort takes the canary's weight back in one write, however often the controller repeats it."""

import pytest

from cluster.applications.petclinic import CANARY, NEW, OLD, STABLE, petclinic, weights_of
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from support.manifest import Object

STEPS: list[Object] = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
REPLICAS = 2


@pytest.mark.parametrize(("stays_seconds", "is_gone"), [(4, True), (60, False)])
def test_an_abort_is_one_write_and_a_retry_repeats_the_steps(
    *, stays_seconds: int, is_gone: bool, newest: World
) -> None:
    """`stays_seconds`: how long the canary's pods stay. `is_gone`: whether they are gone at the retry."""
    canary = {"scaleDownDelaySeconds": 2, "abortScaleDownDelaySeconds": stays_seconds}
    clinic = petclinic(newest, f"aborted-{stays_seconds}", steps=STEPS, replicas=REPLICAS, canary=canary)
    clinic.wait_promoted()
    with clinic.load() as load:
        clinic.set_image(NEW)
        wait_until_settled(clinic, 25)
        clinic.cli("promote", "was")
        wait_until_settled(clinic, 50)
        assert_shares(load, {OLD: 50, NEW: 50})

        reads, reconciles = len(clinic.calls("DescribeRules")), clinic.reconciles()
        clinic.cli("abort", "was")
        status = clinic.wait(lambda status: weights_of(status)["canary"] == 0, "it was aborted")
        assert clinic.weights() == {STABLE: 100, CANARY: 0}
        assert weights_of(status) == {"stable": 100, "canary": 0}
        wait_registered(clinic)
        assert_only(load, OLD)
        if is_gone:
            clinic.wait(lambda status: status["replicas"] == REPLICAS, "the canary's pods were gone")
        status = clinic.status()
        assert (status["phase"], status["replicas"] == REPLICAS) == ("Degraded", is_gone)
        # As long as the canary has pods, Argo Rollouts reconciles an aborted Rollout without a pause.
        reconciles = clinic.reconciles() - reconciles
        assert reconciles > 10
        assert len(clinic.calls("DescribeRules")) - reads < reconciles / 2
        assert clinic.written() == [25, 50, 0]

        clinic.cli("retry", "rollout", "was")
        wait_until_settled(clinic, 25)
        assert_shares(load, {OLD: 75, NEW: 25})
        clinic.cli("promote", "was")
        wait_until_settled(clinic, 50)
        assert_shares(load, {OLD: 50, NEW: 50})
        clinic.cli("promote", "was")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
    assert clinic.written() == [25, 50, 0, 25, 50, 100, 0]
    assert clinic.events() == ["RolloutAborted: Rollout aborted update to revision 2"]
