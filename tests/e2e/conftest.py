from collections.abc import Callable, Generator, Iterator

import pytest
from lightkube.resources.core_v1 import Namespace

from cluster import programs
from cluster.applications.petclinic import ROLLOUT
from cluster.world import World, world
from support.router.petclinic import client_of, control
from support.router.sidecar import CREDENTIALS

_LINES = 40


@pytest.fixture(scope="session")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The newest controller. Most scenarios share it, each in a namespace of its own."""
    with world(tmp_path_factory.mktemp("newest")) as running:
        yield running


@pytest.fixture(scope="session", params=programs.CONTROLLERS)
def each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Each controller in turn."""
    version: str = request.param
    if version == programs.NEWEST:
        yield request.getfixturevalue("newest")
        return
    with world(tmp_path_factory.mktemp(version), version) as running:
        yield running


@pytest.fixture
def fault(newest: World) -> Iterator[Callable[..., None]]:
    """Makes AWS answer an action with an error until the test ends."""

    def ask(action: str, **answer: str) -> None:
        control(newest.endpoint, "POST", "faults", {"action": action, **answer})

    yield ask
    control(newest.endpoint, "DELETE", "faults")


def worlds(item: pytest.Function) -> list[World]:
    return [one for one in item.funcargs.values() if isinstance(one, World)]


@pytest.fixture(autouse=True)
def _remove_what_the_test_created(request: pytest.FixtureRequest) -> Iterator[None]:
    """Removes what a test has created: AWS allows 50 load balancers, and pods cost time."""
    before = [(running, namespaces(running), balancers(running)) for running in worlds(request.node)]
    yield
    for running, old_namespaces, old_balancers in before:
        made = namespaces(running) - old_namespaces
        for namespace in made:
            # Otherwise the controller calls for Rollouts without a load balancer during the next test.
            running.client.deletecollection(ROLLOUT, namespace=namespace)
        if made:
            running.cluster.kubectl("delete", "namespace", *made, "--wait=false")
        elbv2 = client_of(running.endpoint)
        for arn in balancers(running) - old_balancers:
            elbv2.delete_load_balancer(LoadBalancerArn=arn)


def namespaces(running: World) -> set[str]:
    return {one.metadata.name for one in running.client.list(Namespace) if one.metadata and one.metadata.name}


def balancers(running: World) -> set[str]:
    found = client_of(running.endpoint).describe_load_balancers()["LoadBalancers"]
    return {one["LoadBalancerArn"] for one in found}


@pytest.fixture(autouse=True)
def _calls_only_what_is_documented(request: pytest.FixtureRequest) -> Iterator[None]:
    """The sidecar makes only documented calls. Users' requests may meet a group with initial targets only."""
    yield
    for running in worlds(request.node):
        journal = control(running.endpoint, "GET", "journal")
        calls = [entry for entry in journal if entry["principal"] == CREDENTIALS["AWS_ACCESS_KEY_ID"]]
        assert [entry for entry in calls if entry.get("undocumented")] == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the end of the programs' logs with a failure; the whole logs are in the cluster's directory."""
    report = yield
    if report.failed and call.when == "call":
        for running in worlds(item):
            for one in (running.argo.controller, running.argo.sidecar):
                lines = one.log.read_text().splitlines()[-_LINES:]
                report.sections.append((str(one.log), "\n".join(lines)))
    return report
