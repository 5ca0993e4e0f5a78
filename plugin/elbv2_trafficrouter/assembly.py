"""Builds the router and its adapters from Settings. No gRPC: commands use it without a server."""

from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.header_rules import Elbv2HeaderRules
from elbv2_trafficrouter.aws.rules import Elbv2Rules
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.runtime import ThreadRuntime
from elbv2_trafficrouter.settings import Settings


def build_router(settings: Settings, threads: int) -> Router:
    """A router for `threads` concurrent calls. Calls neither AWS nor Kubernetes."""
    clients = ClientsByRegion(connections=threads)
    return Router(Elbv2Rules(clients), Elbv2HeaderRules(clients), ThreadRuntime(), settings.installation)
