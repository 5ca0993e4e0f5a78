"""boto3 clients for ELBv2, one for each region."""

import threading
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, EndpointConnectionError, NoCredentialsError

from elbv2_trafficrouter.aws.connections import bound_connections
from elbv2_trafficrouter.aws.raw_answer import keep_unmodelled_elements

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

_CONNECT_SECONDS, _READ_SECONDS = 1, 2
_MOST_REGIONS = 32  # a client takes a megabyte, and authors of Rollouts choose the regions


class ClientsByRegion:
    """Makes a region's client at its first use. `connections` is the number of threads that share it.

    A request is sent once: other calls wait meanwhile, and the next call reads and repairs.
    Credentials, endpoint and everything else come from boto3's own chain.
    """

    def __init__(self, connections: int) -> None:
        bound_connections()
        self._connections = connections
        self._lock = threading.Lock()  # clients are thread-safe, a Session is not
        self._session: boto3.Session | None = None
        self._clients: dict[str, ElasticLoadBalancingv2Client] = {}
        self._failures: list[BotoCoreError] = []

    def of(self, region: str) -> "ElasticLoadBalancingv2Client":
        """Raises what botocore raises if there are no credentials."""
        if client := self._clients.get(region):
            return client
        failures = self._failures
        with self._lock:
            # A lookup of credentials takes seconds: callers that waited on a failed lookup share its error.
            if self._failures is not failures:
                raise self._failures[0]
            try:
                return self._clients.get(region) or self._create(region)
            except BotoCoreError as error:
                self._failures = [error]
                raise

    def _create(self, region: str) -> "ElasticLoadBalancingv2Client":
        # Not at startup, which must succeed without AWS: boto3 fails here if the profile is missing.
        self._session = session = self._session or boto3.Session()
        # A client that is created without credentials never looks for them again.
        if session.get_credentials() is None:
            raise NoCredentialsError
        if len(self._clients) >= _MOST_REGIONS:
            del self._clients[next(iter(self._clients))]
        client = self._clients[region] = self._client(session, region)
        return client

    def _client(self, session: boto3.Session, region: str) -> "ElasticLoadBalancingv2Client":
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=self._connections,
            user_agent_extra="elbv2-trafficrouter",
        )
        try:
            client = session.client("elbv2", region_name=region, config=config)
        except BotoCoreError:
            raise
        except ValueError as error:
            # botocore has no error of its own for this. The URL may contain a password.
            endpoint = "the configured endpoint, whose URL is invalid,"
            raise EndpointConnectionError(endpoint_url=endpoint, error=type(error).__name__) from None
        client.meta.events.register(
            "before-parse.elastic-load-balancing-v2.DescribeRules", keep_unmodelled_elements
        )
        return client
