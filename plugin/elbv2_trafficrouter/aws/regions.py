"""The regions to which requests may be sent: the operator's, or that of the sidecar's own AWS configuration.

A signed request must not go wherever the author of a Rollout likes, least of all to another partition.
"""

import os
from collections.abc import Mapping

import botocore.session
from botocore.exceptions import BotoCoreError, UnknownRegionError

from elbv2_trafficrouter.arn import Arn, location_of
from elbv2_trafficrouter.errors.rules import RegionNotAllowed


class AllowedRegions:
    """As routing.ports.Regions. Without `regions`, the configuration is read when it is first needed.

    Any thread may use it: the result of a second read is the same.
    """

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._configured = regions
        self._partitions: Mapping[str, str] | None = None

    def require_allowed(self, arn: Arn) -> None:
        partition, region, _ = location_of(arn)
        allowed = self._read()
        if allowed and allowed.get(region) != partition:
            places = [f"{name} (partition {of})" for name, of in sorted(allowed.items())]
            raise RegionNotAllowed(arn, places)

    def _read(self) -> Mapping[str, str]:
        """Each allowed region with its partition; empty: any."""
        if self._partitions is None:
            try:
                session = botocore.session.Session()
                regions = self._configured or _own_regions(session)
                self._partitions = {region: _partition_of(region, session) for region in regions}
            except BotoCoreError:
                # No client can be created with this configuration either. It may be corrected later.
                return {}
        return self._partitions


def _own_regions(session: botocore.session.Session) -> set[str]:
    # botocore reads AWS_DEFAULT_REGION and the profile. AWS_REGION is the name that other SDKs share.
    own = {os.environ.get("AWS_REGION"), session.get_config_variable("region")}
    return {region for region in own if region}


def _partition_of(region: str, session: botocore.session.Session) -> str:
    try:
        return str(session.get_partition_for_region(region))
    except UnknownRegionError:  # newer than this botocore
        return "aws"
