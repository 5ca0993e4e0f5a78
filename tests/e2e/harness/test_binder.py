"""The harness's binder keeps a Service's pods registered as the AWS Load Balancer Controller does."""

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.applications import web as a_web
from cluster.applications.web import HASH, NAME, VERSION, Web
from cluster.process import wait_until
from cluster.world import World
from support.router.petclinic import control

STRANGER = "10.64.255.9"


@pytest.fixture
def web(newest: World) -> Iterator[Web]:
    with a_web.web(newest) as web:
        yield web


@pytest.fixture
def bound(web: Web) -> Web:
    web.bind()
    web.wait_registered()
    return web


def actions(journal: list[Any]) -> list[str]:
    return [entry["action"] for entry in journal]


def targets(entry: Any) -> set[tuple[str, int]]:
    return {(target["Id"], target["Port"]) for target in entry["parameters"]["Targets"]}


def test_a_binding_registers_the_services_pods_which_answer(web: Web) -> None:
    begin = time.time()
    web.bind()
    web.wait_registered()
    pods = web.pods()
    describe, register = web.journal(after=begin)
    assert (describe["action"], register["action"]) == ("DescribeTargetHealth", "RegisterTargets")
    assert targets(register) == {(address, 8080) for address in pods.values()}
    assert web.answering() == pods.keys()
    _, answer = web.get()
    assert answer == {"build": {"version": VERSION}, "pod": answer["pod"], "hash": HASH}


def test_a_replaced_pod_is_deregistered_before_the_new_one_is_registered(bound: Web) -> None:
    bound.world.binder.registration_delay = 1
    begin = time.time()
    before = bound.pods()
    gone = min(before)
    bound.kubectl("delete", "pod", gone, "--wait=false")
    wait_until(lambda: gone not in bound.pods() and len(bound.pods()) == 2, "it was replaced")
    after = bound.wait_registered()
    look, deregister, look_again, register = bound.journal(after=begin)
    assert actions([look, deregister]) == ["DescribeTargetHealth", "DeregisterTargets"]
    assert actions([look_again, register]) == ["DescribeTargetHealth", "RegisterTargets"]
    assert targets(deregister) == {(before[gone], 8080)}
    assert targets(register) == {(address, 8080) for address in after - set(before.values())}


def test_scaling_down_deregisters(bound: Web) -> None:
    begin = time.time()
    bound.scale(1)
    bound.wait_for_pods(1)
    bound.wait_registered()
    assert actions(bound.journal(after=begin)) == ["DescribeTargetHealth", "DeregisterTargets"]
    assert bound.answering() == bound.pods().keys()


def test_pods_are_registered_when_they_have_been_ready_for_the_delay(bound: Web) -> None:
    bound.world.binder.registration_delay = 2
    begin = time.time()
    bound.scale(4)
    pods = bound.wait_for_pods(4)
    assert len(bound.registered()) == 2
    bound.wait_registered()
    journal = [entry for entry in bound.journal(after=begin) if entry["action"] == "RegisterTargets"]
    assert set().union(*map(targets, journal)) <= {(address, 8080) for address in pods.values()}
    assert all(entry["time"] >= begin + 2 for entry in journal)


def test_pods_are_deregistered_when_they_have_been_gone_for_the_delay(bound: Web) -> None:
    bound.world.binder.deregistration_delay = 2
    begin = time.time()
    bound.scale(1)
    bound.wait_for_pods(1)
    assert len(bound.registered()) == 2
    bound.wait_registered()
    (deregister,) = [one for one in bound.journal(after=begin) if one["action"] == "DeregisterTargets"]
    assert deregister["time"] >= begin + 2


def test_a_delay_may_be_changed_while_a_pod_waits(bound: Web) -> None:
    bound.world.binder.registration_delay = math.inf
    bound.scale(3)
    bound.wait_for_pods(3)
    begin = time.time()
    bound.world.binder.registration_delay = 0
    bound.wait_registered()
    assert actions(bound.journal(after=begin)) == ["DescribeTargetHealth", "RegisterTargets"]


def test_pods_that_come_back_within_the_delay_stay_registered(bound: Web) -> None:
    bound.world.binder.deregistration_delay = math.inf
    begin = time.time()
    bound.select("nothing")
    bound.wait_for_pods(0)
    bound.select(NAME)
    bound.wait_for_pods(2)
    # Later changes show that the earlier ones have been seen.
    bound.scale(3)
    bound.wait_for_pods(3)
    bound.wait_registered()
    bound.world.binder.deregistration_delay = 0
    bound.scale(4)
    bound.wait_for_pods(4)
    bound.wait_registered()
    assert "DeregisterTargets" not in actions(bound.journal(after=begin))


def test_a_target_that_another_client_registered_goes_when_pods_change(bound: Web) -> None:
    bound.elbv2.register_targets(TargetGroupArn=bound.group, Targets=[{"Id": STRANGER, "Port": 8080}])
    begin = time.time()
    bound.scale(3)
    bound.wait_for_pods(3)
    bound.wait_registered()
    _, deregister, register, *_ = bound.journal(after=begin)
    assert (deregister["action"], targets(deregister)) == ("DeregisterTargets", {(STRANGER, 8080)})
    assert register["action"] == "RegisterTargets"


def test_a_group_is_empty_after_its_binding_was_deleted(bound: Web) -> None:
    bound.kubectl("delete", "targetgroupbinding", NAME)
    wait_until(lambda: not bound.registered(), "the group was empty")


def test_a_call_that_aws_refuses_is_repeated(web: Web) -> None:
    control(web.world.endpoint, "POST", "faults", {"action": "RegisterTargets", "error": "AccessDenied"})
    begin = time.time()
    web.bind()
    wait_until(lambda: any(one["status"] == 403 for one in web.journal(after=begin)), "AWS refused")
    control(web.world.endpoint, "DELETE", "faults")
    web.wait_registered()


def test_a_pod_without_a_backend_is_not_registered(bound: Web) -> None:
    begin = time.time()
    bound.send_to(9090)
    wait_until(lambda: not bound.registered(), "the group was empty")
    bound.send_to(8080)
    bound.wait_registered()
    registered = [one for one in bound.journal(after=begin) if one["action"] == "RegisterTargets"]
    assert {port for one in registered for _, port in targets(one)} == {8080}
