"""What the order of calls reveals about the canary's pods."""

import pytest

from elbv2_trafficrouter.routing.headers.canary import Canary, CanaryPods
from elbv2_trafficrouter.routing.ownership import Installation, Owner
from support.router.runtime import Runtime

WAS = Owner(Installation(), "petclinic", "was", "0b2f")
SHOP = Owner(Installation(), "petclinic", "shop", "0b30")


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def pods(runtime: Runtime) -> CanaryPods:
    return CanaryPods(runtime)


def test_a_new_process_knows_nothing_about_the_canary(pods: CanaryPods) -> None:
    assert pods.of(WAS) is Canary.UNKNOWN


def test_the_last_call_reveals_whether_there_are_pods(pods: CanaryPods) -> None:
    pods.record_absent(WAS)
    assert pods.of(WAS) is Canary.ABSENT
    pods.record_present(WAS)
    assert pods.of(WAS) is Canary.PRESENT
    assert pods.of(SHOP) is Canary.UNKNOWN


def test_a_rollout_without_calls_is_forgotten_after_an_hour(pods: CanaryPods, runtime: Runtime) -> None:
    pods.record_present(WAS)
    for _ in range(24):
        runtime.seconds += 3600
        assert pods.of(WAS) is Canary.PRESENT
    runtime.seconds += 3601
    assert pods.of(WAS) is Canary.UNKNOWN
    assert len(pods) == 0
