"""The client of a region: its time-outs, its attempts, and the source of its credentials."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from elbv2_trafficrouter.aws.clients import ClientsByRegion

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
    with pytest.raises(NoCredentialsError):
        clients.of("eu-west-1")
    assert not credentials_file.exists()
    request.getfixturevalue("credentials")
    assert clients.of("eu-west-1") is clients.of("eu-west-1")


@pytest.mark.usefixtures("credentials_file")
def test_calls_that_waited_on_a_failed_lookup_of_credentials_share_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lookup in an instance's metadata service that nobody answers takes seconds."""
    clients, lookups = ClientsByRegion(connections=1), []
    all_wait = threading.Event()

    class Lock:
        """Shows when all eight wait."""

        def __init__(self) -> None:
            self._lock, self._asked = threading.Lock(), 0

        def __enter__(self) -> None:
            self._asked += 1
            if self._asked == 9:
                all_wait.set()
            assert self._lock.acquire(timeout=PATIENCE_SECONDS)

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    def look_up(_: boto3.Session) -> None:
        lookups.append(1)
        if len(lookups) == 1:
            calls.extend(pool.submit(clients.of, "eu-west-1") for _ in range(8))
            assert all_wait.wait(PATIENCE_SECONDS), "the calls did not wait for the lookup"

    monkeypatch.setattr(clients, "_lock", Lock())
    monkeypatch.setattr(boto3.Session, "get_credentials", look_up)
    calls: list[Future[object]] = []
    with ThreadPoolExecutor(8) as pool:
        with pytest.raises(NoCredentialsError):
            clients.of("eu-west-1")
        assert {type(call.exception(PATIENCE_SECONDS)) for call in calls} == {NoCredentialsError}
    assert len(lookups) == 1


@pytest.mark.usefixtures("credentials")
def test_an_invalid_endpoint_is_an_error_of_botocore_without_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore raises a ValueError, which would pass for a bug of the router."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://user:secret@[")
    with pytest.raises(EndpointConnectionError) as caught:
        ClientsByRegion(connections=1).of("eu-west-1")
    assert "secret" not in str(caught.value)
