"""What one call asks for, as values that decisions are made on."""

from dataclasses import dataclass
from fractions import Fraction

from elbv2_trafficrouter.rollout.config import Config


@dataclass(frozen=True, slots=True)
class Destination:
    """A Service and its share of this Rollout's part of a rule, 0…1."""

    service: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header of a header route and what its value shall be; one of the three is not empty."""

    header: str
    exact: str = ""
    prefix: str = ""
    regex: str = ""


@dataclass(frozen=True, slots=True)
class HeaderRoute:
    """Requests that shall go to the canary, as Argo says it. Without matches: none. Not checked yet."""

    name: str
    matches: tuple[HeaderMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagedRoutes:
    """The header routes that a Rollout may have, by precedence, and those that it should have now."""

    names: tuple[str, ...] = ()
    wanted: tuple[HeaderRoute, ...] = ()
    may_exist: bool = False
    """Not when the update is over, aborted or promoted in full: Argo Rollouts removes all then."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What one call asks for: checked, nothing looked up. The shares add up to 1."""

    namespace: str
    rollout: str
    stable: Destination
    canary: Destination
    additional_destinations: tuple[Destination, ...]
    max_weight: int
    config: Config
    uid: str = ""
    managed_routes: ManagedRoutes = ManagedRoutes()

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """All that have a share, stable first."""
        return (self.stable, self.canary, *self.additional_destinations)
