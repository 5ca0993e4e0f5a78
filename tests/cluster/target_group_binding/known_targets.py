"""The targets that a controller knows of which notices pods late: values only, no clock, no client."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from lightkube.resources.core_v1 import Endpoints, Service


@dataclass(frozen=True, slots=True, order=True)
class Target:
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from a pod being Ready in Endpoints, or gone from there, until that is noticed."""

    registration: float = 0
    deregistration: float = 0


@dataclass(frozen=True, slots=True)
class KnownTargets:
    """`pending`: targets that came or went and are not noticed yet, with the time when they did."""

    targets: frozenset[Target] = frozenset()
    pending: Mapping[Target, float] = field(default_factory=dict)

    def after(self, ready: AbstractSet[Target], now: float, delays: Delays) -> "KnownTargets":
        """With these targets ready now. Who comes back in time was never gone."""
        pending = {one: self.pending.get(one, now) for one in self.targets ^ ready}
        due = {
            one
            for one, since in pending.items()
            if now - since >= (delays.deregistration if one in self.targets else delays.registration)
        }
        return KnownTargets(self.targets ^ due, {one: pending[one] for one in pending.keys() - due})


def ready_targets(port: int | str, service: Service | None, endpoints: Endpoints | None) -> frozenset[Target]:
    """The Ready pods behind this port, a number or a name, of a Service."""
    if service is None or service.spec is None or endpoints is None:
        return frozenset()
    # Endpoints tell the pods' port by the name that the Service's has, which is None for its only one.
    names = {one.name for one in service.spec.ports or () if port in {one.port, one.name}}
    return frozenset(
        Target(address.ip, one.port)
        for subset in endpoints.subsets or ()
        for one in subset.ports or ()
        if one.name in names
        for address in subset.addresses or ()
    )
