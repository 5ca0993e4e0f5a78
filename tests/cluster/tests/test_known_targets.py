"""When the binder knows of a target, and which targets a Service has."""

from math import inf
from typing import Any

import pytest
from lightkube.models.core_v1 import EndpointAddress, EndpointPort, EndpointSubset, ServicePort, ServiceSpec
from lightkube.resources.core_v1 import Endpoints, Service

from cluster.target_group_binding.known_targets import Delays, KnownTargets, Target, ready_targets

A, B = Target("10.64.0.3", 8080), Target("10.64.0.4", 8080)
AT_ONCE = Delays()
LATE = Delays(registration=2, deregistration=5)


def test_without_delays_pods_are_noticed_as_they_come_and_go() -> None:
    came = KnownTargets().after({A}, 100, AT_ONCE)
    replaced = came.after({B}, 101, AT_ONCE)
    assert came.targets == {A}
    assert replaced.targets == {B}


@pytest.mark.parametrize(("now", "targets"), [(101.9, set()), (102, {A})])
def test_a_pod_is_noticed_when_it_has_been_ready_for_the_delay(now: float, targets: set[Target]) -> None:
    assert KnownTargets().after({A}, 100, LATE).after({A}, now, LATE).targets == targets


@pytest.mark.parametrize(("now", "targets"), [(104.9, {A}), (105, set())])
def test_a_pod_is_forgotten_when_it_has_been_gone_for_the_delay(now: float, targets: set[Target]) -> None:
    assert KnownTargets(frozenset({A})).after(set(), 100, LATE).after(set(), now, LATE).targets == targets


def test_each_pod_has_its_own_delay() -> None:
    noticed = KnownTargets().after({A}, 100, LATE).after({A, B}, 101, LATE)
    assert noticed.after({A, B}, 102, LATE).targets == {A}
    assert noticed.after({A, B}, 103, LATE).targets == {A, B}


def test_a_pod_that_comes_back_in_time_is_as_if_it_never_went() -> None:
    back = KnownTargets(frozenset({A})).after(set(), 100, LATE).after({A}, 104, LATE)
    assert back == KnownTargets(frozenset({A}))
    assert back.after(set(), 106, LATE).targets == {A}


def test_a_pod_that_goes_in_time_is_as_if_it_never_came() -> None:
    gone = KnownTargets().after({A}, 100, LATE).after(set(), 101, LATE)
    assert gone == KnownTargets()
    assert gone.after({A}, 102, LATE).targets == set()


def test_a_changed_delay_applies_to_pending_pods() -> None:
    never = (
        KnownTargets().after({A}, 100, Delays(registration=inf)).after({A}, 9999, Delays(registration=inf))
    )
    assert never.targets == set()
    assert never.after({A}, 9999, LATE).targets == {A}


def service(*ports: ServicePort) -> Service:
    return Service(spec=ServiceSpec(ports=list(ports)))


def endpoints(*subsets: EndpointSubset) -> Endpoints:
    return Endpoints(subsets=list(subsets))


def subset(port: EndpointPort, **addresses: Any) -> EndpointSubset:
    listed = {state: [EndpointAddress(ip=one) for one in those] for state, those in addresses.items()}
    return EndpointSubset(ports=[port], **listed)


def test_only_ready_pods_are_targets_under_the_pods_own_port() -> None:
    found = endpoints(subset(EndpointPort(8080), addresses=[A.address], notReadyAddresses=[B.address]))
    assert ready_targets(80, service(ServicePort(80)), found) == {A}


@pytest.mark.parametrize("port", [80, "http"])
def test_a_binding_names_one_of_several_ports_by_number_or_by_name(port: int | str) -> None:
    ports = service(ServicePort(80, name="http"), ServicePort(9090, name="metrics"))
    found = endpoints(
        subset(EndpointPort(8080, name="http"), addresses=[A.address]),
        subset(EndpointPort(9090, name="metrics"), addresses=[A.address]),
    )
    assert ready_targets(port, ports, found) == {A}


@pytest.mark.parametrize(
    ("its_service", "its_endpoints"),
    [
        pytest.param(None, endpoints(subset(EndpointPort(8080), addresses=[A.address])), id="no Service"),
        pytest.param(service(ServicePort(80)), None, id="no Endpoints"),
        pytest.param(service(ServicePort(80)), Endpoints(), id="no pods"),
        pytest.param(
            service(ServicePort(81)),
            endpoints(subset(EndpointPort(8080), addresses=["10.64.0.3"])),
            id="no such port",
        ),
    ],
)
def test_a_service_that_is_missing_or_empty_has_no_targets(
    its_service: Service | None, its_endpoints: Endpoints | None
) -> None:
    assert ready_targets(80, its_service, its_endpoints) == frozenset()
