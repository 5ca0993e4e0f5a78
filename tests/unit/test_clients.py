"""The clients of a region: how long they wait, how often they send, where their credentials come from."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from elbv2_trafficrouter.aws.clients import ClientsByRegion


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("use", "times_sent"), [pytest.param("reader", 2, id="a read"), pytest.param("writer", 1, id="a write")]
)
def test_a_regions_clients_have_the_limits_that_are_promised(use: str, times_sent: int) -> None:
    """Together they end within a controller's call: connect 1 s, read 2 s, and a read once more."""
    client = getattr(ClientsByRegion(connections=16).of("eu-west-1"), use)
    config: Any = client.meta.config
    assert client.meta.region_name == "eu-west-1"
    assert (config.connect_timeout, config.read_timeout) == (1, 2)
    assert config.retries == {"mode": "standard", "total_max_attempts": times_sent}
    assert config.max_pool_connections == 16
    assert config.user_agent.endswith(" elbv2-trafficrouter")


@pytest.mark.usefixtures("credentials")
def test_a_region_has_one_pair_of_clients_and_another_region_its_own() -> None:
    clients = ClientsByRegion(connections=1)
    one, again, other = (clients.of(region) for region in ("eu-west-1", "eu-west-1", "eu-west-2"))
    assert one is again
    assert other.reader.meta.region_name == "eu-west-2"
    assert len({id(client) for pair in (one, other) for client in (pair.reader, pair.writer)}) == 4


def test_credentials_that_come_later_are_found(
    credentials_file: Path, request: pytest.FixtureRequest
) -> None:
    clients = ClientsByRegion(connections=1)
    with pytest.raises(NoCredentialsError):
        clients.of("eu-west-1")
    assert not credentials_file.exists()
    request.getfixturevalue("credentials")
    assert clients.of("eu-west-1") is clients.of("eu-west-1")
