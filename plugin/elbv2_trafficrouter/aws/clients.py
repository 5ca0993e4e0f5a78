"""boto3 clients for ELBv2: a reading and a writing one for each region."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

from elbv2_trafficrouter.aws.raw_answer import keep_unmodelled_elements

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

_CONNECT_SECONDS, _READ_SECONDS = 1, 2
_READ_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Clients:
    reader: "ElasticLoadBalancingv2Client"
    writer: "ElasticLoadBalancingv2Client"
    """Sends once: a write that AWS did not answer is repaired by the next call, which reads first."""


class ClientsByRegion:
    """Makes a region's clients at their first use. `connections` is the number of threads that share them.

    Credentials, endpoint and all else come from boto3's own chain.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._lock = threading.Lock()  # clients are thread-safe, a Session is not
        self._session: boto3.Session | None = None
        self._clients: dict[str, Clients] = {}

    def of(self, region: str) -> Clients:
        """Raises what botocore raises where there are no credentials."""
        with self._lock:
            if region not in self._clients:
                # Not at the start, which must succeed without AWS: a missing profile fails here already.
                self._session = session = self._session or boto3.Session()
                # A client that was made without credentials would never find any.
                if session.get_credentials() is None:
                    raise NoCredentialsError
                self._clients[region] = Clients(
                    self._client(session, region, _READ_ATTEMPTS), self._client(session, region, 1)
                )
            return self._clients[region]

    def _client(self, session: boto3.Session, region: str, attempts: int) -> "ElasticLoadBalancingv2Client":
        client = session.client(
            "elbv2",
            region_name=region,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": attempts},
                max_pool_connections=self._connections,
                user_agent_extra="elbv2-trafficrouter",
            ),
        )
        client.meta.events.register(
            "before-parse.elastic-load-balancing-v2.DescribeRules", keep_unmodelled_elements
        )
        return client
