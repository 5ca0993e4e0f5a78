"""Builds the router and its adapters from Settings, without gRPC, so that commands can use it."""

from elbv2_trafficrouter.aws.api import Api
from elbv2_trafficrouter.aws.budget import Budget
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.elbv2.limits import Elbv2AccountLimits
from elbv2_trafficrouter.aws.elbv2.listeners import Elbv2Listeners
from elbv2_trafficrouter.aws.elbv2.rules import Elbv2Rules
from elbv2_trafficrouter.aws.elbv2.tags import Elbv2Tags
from elbv2_trafficrouter.aws.regions import AllowedRegions
from elbv2_trafficrouter.aws.seats import CallSeats
from elbv2_trafficrouter.routing.ports import Elbv2, Runtime
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.runtime import ThreadRuntime
from elbv2_trafficrouter.settings import Settings


def build_router(settings: Settings, threads: int) -> Router:
    """A router for `threads` concurrent calls. Building it sends no request to AWS."""
    runtime = ThreadRuntime()
    elbv2 = elbv2_on(ClientsByRegion(connections=threads), runtime, settings.api_share)
    return Router(elbv2, runtime, settings.installation, AllowedRegions(settings.regions))


def elbv2_on(clients: ClientsByRegion, runtime: Runtime, api_share: float) -> Elbv2:
    """Routing's ports to ELBv2, implemented with these clients."""
    seats = CallSeats(runtime)
    budget = Budget(runtime, seats, api_share)
    api = Api(clients, budget)
    return Elbv2(
        Elbv2Rules(api, budget, runtime),
        Elbv2Tags(api),
        Elbv2AccountLimits(api),
        Elbv2Listeners(api),
        seats,
    )
