"""A pod's backend answers from when the pod has an address until its deletion is complete."""

import json
import math
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from cluster.applications import web as a_web
from cluster.applications.web import NAME, Web
from cluster.process import wait_until
from cluster.world import World


@pytest.fixture
def web(newest: World) -> Iterator[Web]:
    with a_web.web(newest) as web:
        web.bind()
        web.wait_registered()
        yield web


def test_a_pod_answers_while_it_terminates_and_not_after_its_deletion(web: Web) -> None:
    web.world.binder.deregistration_delay = math.inf
    both = web.pods()
    web.scale(1)
    (left,) = web.wait_for_pods(1)
    (gone,) = both.keys() - {left}
    assert web.answering() == both.keys()
    web.kubectl("wait", "--for=delete", f"pod/{gone}")
    wait_until(lambda: both[gone] not in web.backends(), "its backend was gone")
    assert {web.get()[0] for _ in both} == {200, 502}


def listens(backend: str) -> bool:
    with closing(HTTPConnection(backend, timeout=10)) as connection:
        try:
            connection.connect()
        except ConnectionRefusedError:
            return False
    return True


def test_an_address_that_another_pod_has_by_now_stays_with_that_pod(web: Web) -> None:
    old = place(web, "old", "10.64.254.1")
    new = place(web, "new", "10.64.254.1", instead_of=old)
    place(web, "other", "10.64.254.2")
    web.kubectl("delete", "pod", "old", "other", "--grace-period=0")
    wait_until(lambda: "10.64.254.2" not in web.backends(), "the deletions were seen")
    wait_until(lambda: not listens(old), "the old pod's backend was gone")
    assert web.backends()["10.64.254.1"] == new


def place(web: Web, pod: str, address: str, instead_of: str | None = None) -> str:
    """Creates a pod without a node, with this address. Returns its backend."""
    container = {"name": NAME, "image": "petclinic:1.0.0", "ports": [{"containerPort": 8080}]}
    web.world.cluster.apply({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod, "namespace": web.namespace},
        "spec": {"schedulerName": "nobody", "containers": [container]},
    })  # fmt: skip
    status = json.dumps({"status": {"podIP": address, "podIPs": [{"ip": address}]}})
    web.kubectl("patch", "pod", pod, "--subresource=status", "-p", status)
    wait_until(lambda: web.backends().get(address, instead_of) != instead_of, f"{pod} answered")
    return web.backends()[address]
