"""What a call requests: the values that routing decides on. This module does not use protobuf."""

from dataclasses import dataclass
from fractions import Fraction

from elbv2_trafficrouter.rollout.config import Config


@dataclass(frozen=True, slots=True)
class Destination:
    """A Service and its share (0 to 1) of the traffic that a rule sends to this Rollout."""

    service: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header and its required value. Exactly one of `exact`, `prefix` and `regex` should be set."""

    header: str
    exact: str = ""
    prefix: str = ""
    regex: str = ""


@dataclass(frozen=True, slots=True)
class HeaderRoute:
    """A setHeaderRoute step: requests with these headers go to the canary. Not validated yet.

    If there are no matches, the route must be removed.
    """

    name: str
    matches: tuple[HeaderMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagedRoutes:
    """The names of a Rollout's header routes, in order of precedence, and the routes it should have now."""

    names: tuple[str, ...] = ()
    wanted: tuple[HeaderRoute, ...] = ()
    may_exist: bool = False
    """False once the update is complete, aborted or fully promoted: Argo Rollouts then removes all routes."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a call requests: validated, but nothing has been read from AWS yet. The shares add up to 1."""

    namespace: str
    rollout: str
    stable: Destination
    canary: Destination
    additional_destinations: tuple[Destination, ...]
    max_weight: int
    config: Config
    uid: str = ""
    managed_routes: ManagedRoutes = ManagedRoutes()
    is_aborted: bool = False

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Every Service that has a share, stable first."""
        return (self.stable, self.canary, *self.additional_destinations)
