"""The targets that a controller knows of if it notices pods late. Values only: no clock, no client."""

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
    """Seconds until the controller notices that a pod is Ready in Endpoints, or gone from there."""

    registration: float = 0
    deregistration: float = 0


@dataclass(frozen=True, slots=True)
class KnownTargets:
    """`pending`: changes that are not noticed yet: target → when it came or went."""

    targets: frozenset[Target] = frozenset()
    pending: Mapping[Target, float] = field(default_factory=dict)

    def after(self, ready: AbstractSet[Target], now: float, delays: Delays) -> "KnownTargets":
        """The state when these targets are ready. A target that is back in time is as if it never went."""
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
    # Endpoints name the pods' ports as the Service does; a Service's only port may have no name.
    names = {one.name for one in service.spec.ports or () if port in {one.port, one.name}}
    return frozenset(
        Target(address.ip, one.port)
        for subset in endpoints.subsets or ()
        for one in subset.ports or ()
        if one.name in names
        for address in subset.addresses or ()
    )
