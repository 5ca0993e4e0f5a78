"""The clients of a region: how long they wait, how often they send, where their credentials come from."""

import threading
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError

from elbv2_trafficrouter.aws.clients import ClientsByRegion


@pytest.mark.usefixtures("credentials")
def test_a_regions_client_has_the_limits_that_are_promised() -> None:
    client = ClientsByRegion(connections=16).of("eu-west-1")
    config: Any = client.meta.config
    assert client.meta.region_name == "eu-west-1"
    assert (config.connect_timeout, config.read_timeout) == (1, 2)
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert config.max_pool_connections == 16
    assert config.user_agent.endswith(" elbv2-trafficrouter")


@pytest.mark.usefixtures("credentials")
def test_a_region_has_one_client_and_another_region_its_own() -> None:
    clients = ClientsByRegion(connections=1)
    assert clients.of("eu-west-1") is clients.of("eu-west-1")
    assert clients.of("eu-west-2").meta.region_name == "eu-west-2"


@pytest.mark.usefixtures("credentials")
def test_a_rollouts_author_who_names_many_regions_does_not_fill_the_memory() -> None:
    clients = ClientsByRegion(connections=1)
    first = clients.of("aa-west-1")
    for number in range(1, 33):
        clients.of(f"bb-west-{number}")
    assert clients.of("bb-west-32") is clients.of("bb-west-32")
    assert clients.of("aa-west-1") is not first


def test_credentials_that_come_later_are_found(
    credentials_file: Path, request: pytest.FixtureRequest
) -> None:
    clients = ClientsByRegion(connections=1)
    with pytest.raises(NoCredentialsError):
        clients.of("eu-west-1")
    assert not credentials_file.exists()
    request.getfixturevalue("credentials")
    assert clients.of("eu-west-1") is clients.of("eu-west-1")


@pytest.mark.usefixtures("credentials_file")
def test_who_waited_for_a_look_that_found_no_credentials_does_not_look_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A look at an instance's metadata that nobody answers takes seconds."""
    clients, looks, others = ClientsByRegion(connections=1), [], []

    def look(_: boto3.Session) -> None:
        looks.append(1)
        for _number in range(8):
            others.append(threading.Thread(target=fail))
            others[-1].start()
        waited.wait(timeout=10)

    def fail() -> None:
        with pytest.raises(NoCredentialsError):
            clients.of("eu-west-1")

    class Lock:
        """Tells when all eight wait."""

        def __init__(self) -> None:
            self._lock, self._asked = threading.Lock(), 0

        def __enter__(self) -> None:
            self._asked += 1
            if self._asked == 9:
                waited.set()
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    waited = threading.Event()
    monkeypatch.setattr(clients, "_lock", Lock())
    monkeypatch.setattr(boto3.Session, "get_credentials", look)
    fail()
    for other in others:
        other.join()
    assert len(looks) == 1
