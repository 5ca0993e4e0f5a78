"""The client of a region: its time-outs, its attempts, and the source of its credentials."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.credentials.look_up import LookUp
from elbv2_trafficrouter.errors.aws import InvalidAwsConfiguration, NoCredentials

PATIENCE_SECONDS = 5


@pytest.mark.usefixtures("credentials")
def test_a_regions_client_has_the_documented_limits() -> None:
    client = ClientsByRegion(connections=16).of("eu-west-1")
    config: Any = client.meta.config
    assert client.meta.region_name == "eu-west-1"
    assert (config.connect_timeout, config.read_timeout) == (1, 2)
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert config.max_pool_connections == 16
    assert config.user_agent.endswith(" elbv2-trafficrouter")


@pytest.mark.usefixtures("credentials")
def test_each_region_has_one_client_of_its_own() -> None:
    clients = ClientsByRegion(connections=1)
    assert clients.of("eu-west-1") is clients.of("eu-west-1")
    assert clients.of("eu-west-2").meta.region_name == "eu-west-2"


@pytest.mark.usefixtures("credentials")
def test_many_regions_named_in_rollouts_do_not_fill_the_memory() -> None:
    clients = ClientsByRegion(connections=1)
    first = clients.of("aa-west-1")
    for number in range(1, 33):
        clients.of(f"bb-west-{number}")
    assert clients.of("bb-west-32") is clients.of("bb-west-32")
    assert clients.of("aa-west-1") is not first


def test_credentials_that_appear_later_are_found(
    credentials_file: Path, request: pytest.FixtureRequest
) -> None:
    clients = ClientsByRegion(connections=1)
    with pytest.raises(NoCredentials):
        clients.of("eu-west-1")
    assert not credentials_file.exists()
    request.getfixturevalue("credentials")
    assert clients.of("eu-west-1") is clients.of("eu-west-1")


@pytest.mark.usefixtures("credentials_file")
def test_calls_that_waited_on_a_failed_lookup_of_credentials_share_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lookup in an instance's metadata service that nobody answers takes seconds."""
    clients, lookups, goes_on = ClientsByRegion(connections=1), [], threading.Event()

    def find(*_: object) -> None:
        lookups.append(1)
        assert goes_on.wait(PATIENCE_SECONDS)
        raise NoCredentials

    monkeypatch.setattr(LookUp, "find", find)
    begun = threading.Barrier(9)

    def call() -> None:
        begun.wait(PATIENCE_SECONDS)
        clients.of("eu-west-1", PATIENCE_SECONDS)

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call) for _ in range(8)]
        begun.wait(PATIENCE_SECONDS)
        time.sleep(0.2)  # all eight wait
        goes_on.set()
        assert {type(call.exception(PATIENCE_SECONDS)) for call in calls} == {NoCredentials}
    assert len(lookups) == 1


@pytest.mark.usefixtures("credentials")
def test_an_invalid_endpoint_is_an_error_of_the_configuration_without_its_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """botocore raises a ValueError, which would pass for a bug of the router."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://user:secret@[")
    with pytest.raises(InvalidAwsConfiguration) as caught:
        ClientsByRegion(connections=1).of("eu-west-1")
    assert "endpoint's URL" in str(caught.value)
    assert "secret" not in str(caught.value)
