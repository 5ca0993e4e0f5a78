"""boto3 clients for ELBv2, one for each region, with the current credentials.

Any thread can ask for a client. `_lock` protects the session and the table of clients. At most 32 clients are
kept: the oldest is dropped first.
"""

import threading
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from elbv2_trafficrouter.aws.causes import cause_of
from elbv2_trafficrouter.aws.connections.bounded import bound_connections
from elbv2_trafficrouter.aws.connections.bounds import bounded
from elbv2_trafficrouter.aws.connections.repeated_read import repeat_read
from elbv2_trafficrouter.aws.credentials.look_up import CONNECT_SECONDS, READ_SECONDS, Found
from elbv2_trafficrouter.aws.credentials.problems import configuration_problem
from elbv2_trafficrouter.aws.credentials.shared import SharedCredentials
from elbv2_trafficrouter.aws.elbv2.raw_answer import keep_unmodelled_elements
from elbv2_trafficrouter.errors.aws import InvalidAwsConfiguration

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

_MOST_REGIONS = 32  # a client takes a megabyte, and authors of Rollouts choose the regions
_CREATE_SECONDS = (
    2.0  # with AWS_DEFAULTS_MODE=auto, botocore asks the instance metadata service for its region
)
_CREATE_BYTES = 1024 * 1024
_PATIENCE_SECONDS = 10.0


class ClientsByRegion:
    """`connections`: the number of threads that share a client.

    A write is sent once: other calls would wait meanwhile, and the next call reads and repairs anyway.
    Credentials, endpoints and everything else come from boto3's default configuration. With new credentials,
    session and clients are created again.
    """

    def __init__(self, connections: int) -> None:
        bound_connections()
        self._connections = connections
        self._credentials = SharedCredentials()
        self._lock = threading.Lock()  # clients are thread-safe, a Session is not
        self._session: boto3.Session | None = None
        self._found: Found | None = None
        self._clients: dict[str, ElasticLoadBalancingv2Client] = {}

    def of(self, region: str, seconds: float = _PATIENCE_SECONDS) -> "ElasticLoadBalancingv2Client":
        """Waits at most so long for credentials. Raises a Problem about credentials or configuration."""
        found = self._credentials.current(region, seconds)
        with self._lock:
            if self._found is not found:
                self._found, self._session = found, None
                self._clients.clear()
            return self._clients.get(region) or self._create(region, found)

    def replace_refused(self) -> None:
        """Looks for other credentials in the background, because AWS refused those of a client."""
        self._credentials.refuse()

    def _create(self, region: str, found: Found) -> "ElasticLoadBalancingv2Client":
        if len(self._clients) >= _MOST_REGIONS:
            del self._clients[next(iter(self._clients))]
        try:
            with bounded(_CREATE_SECONDS, _CREATE_BYTES):
                self._session = self._session or boto3.Session()
                client = self._client(self._session, region, found)
        except (BotoCoreError, ValueError) as error:  # botocore has no error of its own for an invalid URL
            if problem := configuration_problem(error):
                raise problem from None
            trouble = f"the endpoint's URL, or another setting, is not valid ({cause_of(error)})"
            raise InvalidAwsConfiguration(trouble) from None
        self._clients[region] = client
        return client

    def _client(
        self, session: boto3.Session, region: str, found: Found | None = None
    ) -> "ElasticLoadBalancingv2Client":
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=self._connections,
            user_agent_extra="elbv2-trafficrouter",
        )
        keys = found.keys if found else None
        client = session.client(
            "elbv2",
            region_name=region,
            config=config,
            aws_access_key_id=keys and keys.access_key,
            aws_secret_access_key=keys and keys.secret_key,
            aws_session_token=keys and (keys.token or None),
        )
        events: Any = client.meta.events
        events.register("needs-retry.elastic-load-balancing-v2", repeat_read)
        events.register("before-parse.elastic-load-balancing-v2.DescribeRules", keep_unmodelled_elements)
        return client
