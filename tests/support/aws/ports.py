"""Routing's ports to ELBv2 on real clients, with more budget than a test can use."""

from elbv2_trafficrouter.assembly import elbv2_on
from elbv2_trafficrouter.aws.api import Api
from elbv2_trafficrouter.aws.budget import Budget
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.seats import CallSeats
from elbv2_trafficrouter.routing.ports import Elbv2, Runtime
from elbv2_trafficrouter.runtime import ThreadRuntime

UNLIMITED = 1e9
"""A share of AWS's limits."""


def ports_on(clients: ClientsByRegion, runtime: Runtime | None = None) -> Elbv2:
    return elbv2_on(clients, runtime or ThreadRuntime(), UNLIMITED)


def api_on(clients: ClientsByRegion) -> Api:
    runtime = ThreadRuntime()
    return Api(clients, Budget(runtime, CallSeats(runtime), UNLIMITED))
