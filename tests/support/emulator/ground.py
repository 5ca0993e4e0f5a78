"""The URL of an ELBv2 API, and the resources of other services that a load balancer needs there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ground:
    url: str
    subnets: list[str]
    vpc: str
    certificate: str
