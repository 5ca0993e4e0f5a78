"""What a call asks for: the values that routing decides on. No protobuf here."""

from dataclasses import dataclass
from fractions import Fraction

from elbv2_trafficrouter.rollout.config import Config


@dataclass(frozen=True, slots=True)
class Destination:
    """A Service and its share (0…1) of the traffic that a rule sends to this Rollout."""

    service: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header and the value it must have. Exactly one of `exact`, `prefix` and `regex` should be set."""

    header: str
    exact: str = ""
    prefix: str = ""
    regex: str = ""


@dataclass(frozen=True, slots=True)
class HeaderRoute:
    """A setHeaderRoute step: requests with these headers go to the canary. Not validated yet.

    Without matches, the route is to be removed.
    """

    name: str
    matches: tuple[HeaderMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagedRoutes:
    """The names of a Rollout's header routes, by precedence, and the routes that it should have now."""

    names: tuple[str, ...] = ()
    wanted: tuple[HeaderRoute, ...] = ()
    may_exist: bool = False
    """False when the update is complete, aborted or fully promoted: Argo Rollouts then removes all routes."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a call asks for: validated, but nothing has been looked up yet. The shares add up to 1."""

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
        """Every Service that has a share, stable first."""
        return (self.stable, self.canary, *self.additional_destinations)
