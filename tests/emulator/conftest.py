"""A separate emulator for each test, with unmodified boto3 in front of it and real backends behind it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client

from elbv2_emulator import Emulator
from support.emulator.backends import CANARY, STABLE, Backends
from support.emulator.ground import Ground

REGION = "eu-west-1"


@pytest.fixture(scope="session")
def session() -> boto3.session.Session:
    return boto3.session.Session()


@pytest.fixture(autouse=True)
def _no_instance_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def started() -> Iterator[ExitStack]:
    """A test that closes this stops its emulator early."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def emulator(started: ExitStack) -> Emulator:
    return started.enter_context(Emulator())


@pytest.fixture
def ground(emulator: Emulator) -> Ground:
    certificate = f"arn:aws:acm:{REGION}:123456789012:certificate/0d5e9b5c-2ae4-4b5a-9b0a-0d6b3c1c6b7a"
    return Ground(emulator.url, ["subnet-a", "subnet-b"], "vpc-0123456789abcdef0", certificate)


@pytest.fixture
def client(
    ground: Ground, session: boto3.session.Session
) -> Iterator[Callable[[str], ElasticLoadBalancingv2Client]]:
    """A client for a region."""
    clients: list[ElasticLoadBalancingv2Client] = []

    def make(region: str) -> ElasticLoadBalancingv2Client:
        client = session.client(
            "elbv2",
            region_name=region,
            endpoint_url=ground.url,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not-a-secret",  # noqa: S106  the emulator does not check it
            # The emulator's checks are tested, not botocore's.
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def elbv2(client: Callable[[str], ElasticLoadBalancingv2Client]) -> ElasticLoadBalancingv2Client:
    return client(REGION)


@pytest.fixture
def http(emulator: Emulator) -> Iterator[urllib3.PoolManager]:
    """An HTTP client that verifies the listeners' certificates, without retries."""
    with urllib3.PoolManager(retries=False, timeout=10, ca_cert_data=emulator.ca) as pool:
        yield pool


@pytest.fixture
def control(emulator: Emulator, http: urllib3.PoolManager) -> Callable[..., Any]:
    """Call /_emulator/ and return the JSON of the response; fail for any status but 200."""

    def call(method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        answer = http.request(method, f"{emulator.url}/_emulator/{path}", body=data)
        assert answer.status == 200, answer.data.decode()
        return json.loads(answer.data)

    return call


@dataclass
class Petclinic:
    """A load balancer, its HTTPS listener, stable and canary groups, and a rule that splits 90 to 10."""

    balancer: str
    listener: str
    stable: str
    canary: str
    rule: str

    def split(self, stable: int, canary: int) -> list[Any]:
        groups = [
            {"TargetGroupArn": self.stable, "Weight": stable},
            {"TargetGroupArn": self.canary, "Weight": canary},
        ]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


@pytest.fixture
def make_group(elbv2: ElasticLoadBalancingv2Client, ground: Ground) -> Callable[[str], str]:
    def make(name: str) -> str:
        answer = elbv2.create_target_group(
            Name=name, Protocol="HTTP", Port=8080, VpcId=ground.vpc, TargetType="ip"
        )
        return answer["TargetGroups"][0]["TargetGroupArn"]

    return make


@pytest.fixture
def petclinic(
    elbv2: ElasticLoadBalancingv2Client, make_group: Callable[[str], str], ground: Ground
) -> Petclinic:
    balancer = elbv2.create_load_balancer(Name="k8s-petclinicgroup", Subnets=ground.subnets)
    balancer_arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer_arn,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": ground.certificate}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    clinic = Petclinic(
        balancer=balancer_arn,
        listener=listener["Listeners"][0]["ListenerArn"],
        stable=make_group("was-stable"),
        canary=make_group("was-canary"),
        rule="",
    )
    rule = elbv2.create_rule(
        ListenerArn=clinic.listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/petclinic*"]}],
        Actions=clinic.split(90, 10),
    )
    clinic.rule = rule["Rules"][0]["RuleArn"]
    return clinic


@pytest.fixture
def backends() -> Iterator[Backends]:
    running = Backends()
    yield running
    running.stop()


@pytest.fixture
def wait_healthy(elbv2: ElasticLoadBalancingv2Client) -> Callable[..., None]:
    """Wait until all targets of these groups are healthy."""

    def states(groups: tuple[str, ...]) -> set[str]:
        return {
            target["TargetHealth"]["State"]
            for group in groups
            for target in elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        }

    def wait(*groups: str) -> None:
        deadline = time.monotonic() + 10
        while (found := states(groups)) != {"healthy"}:
            assert time.monotonic() < deadline, found

    return wait


@pytest.fixture
def listener_url(control: Callable[..., Any]) -> Callable[[str], str]:
    """The URL on which a listener accepts requests."""

    def url(listener: str) -> str:
        (found,) = (entry for entry in control("GET", "listeners") if entry["listenerArn"] == listener)
        return str(found["url"])

    return url


@pytest.fixture
def served(elbv2: Any, petclinic: Any, backends: Any, control: Any, wait_healthy: Any) -> Mapping[str, Any]:
    """A backend for each version, registered under the address of its pod."""
    running = {"stable": backends.start(text="1.0.0"), "canary": backends.start(text="1.0.1")}
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE, "Port": 8080}])
    elbv2.register_targets(TargetGroupArn=petclinic.canary, Targets=[{"Id": CANARY, "Port": 8080}])
    control(
        "PUT",
        "addresses",
        {f"{STABLE}:8080": running["stable"].address, f"{CANARY}:8080": running["canary"].address},
    )
    wait_healthy(petclinic.stable, petclinic.canary)
    return running


@pytest.fixture
def get(petclinic: Any, listener_url: Any, http: urllib3.PoolManager) -> Callable[..., tuple[int, str]]:
    url = listener_url(petclinic.listener)

    def request(path: str = "/petclinic/", **headers: str) -> tuple[int, str]:
        answer = http.request("GET", url + path, headers=headers, redirect=False)
        return answer.status, answer.data.decode()

    return request
