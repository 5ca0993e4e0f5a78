"""Where an ELBv2 API is, and what a load balancer needs of other services there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ground:
    url: str
    subnets: list[str]
    vpc: str
    certificate: str
