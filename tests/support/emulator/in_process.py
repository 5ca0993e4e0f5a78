"""The emulator's API in front of boto3's own client, in one thread and without sockets."""

from collections.abc import Coroutine
from random import Random
from typing import Any, cast

import boto3
from aiohttp import web
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

from elbv2_emulator.front import ApiCalls
from elbv2_emulator.state.journal import Entry
from elbv2_emulator.state.resources import State
from elbv2_emulator.state.store import Store
from elbv2_emulator.state.timing import Clock
from elbv2_emulator.traffic.listeners import OpenListeners
from elbv2_emulator.world import World
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from support.aws.rule_answers import Body


class _Request:
    """The parts of a request that ApiCalls reads."""

    def __init__(self, sent: AWSPreparedRequest) -> None:
        headers: Any = sent.headers
        self.headers = {
            name: value if isinstance(value, str) else value.decode() for name, value in headers.items()
        }
        self._body = str(sent.body).encode()

    async def read(self) -> bytes:
        return self._body


class _NoTraffic(OpenListeners):
    """No listener opens a port."""

    def __init__(self) -> None: ...

    async def follow(self, before: State, after: State, store: Store) -> None: ...


class InProcess(ClientsByRegion):
    """The sidecar's clients, answered by the emulator's API in the same thread. For one thread only."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(connections=1)
        self._world = World.fresh(clock, None)
        self._api = ApiCalls(self._world, _NoTraffic(), Random(0))  # noqa: S311  unused: no reads lag

    def load(self, region: str, state: State) -> None:
        """Replace everything in a region by this state, and clear the journal."""
        self._world.stores[region].load(state)
        self._world.journal.clear()

    def state(self, region: str) -> State:
        return self._world.stores[region].current

    @property
    def calls(self) -> tuple[Entry, ...]:
        """The calls since the last `load`."""
        return tuple(self._world.journal.entries)

    def of(self, region: str, seconds: float = 0) -> ElasticLoadBalancingv2Client:  # noqa: ARG002  waits for nothing
        if client := self._clients.get(region):
            return client
        client = self._clients[region] = self._client(
            boto3.Session("AKIAIOSFODNN7EXAMPLE", "example"), region
        )
        events: Any = client.meta.events
        events.register("before-send.elastic-load-balancing-v2", self._answer)
        return client

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        answer = _run(self._api.answer(cast("web.Request", _Request(request))))
        headers = HTTPHeaders()
        for name, value in answer.headers.items():
            headers[name] = value
        return AWSResponse(request.url, answer.status, headers, Body(cast("bytes", answer.body)))


def _run(work: Coroutine[Any, Any, web.Response]) -> web.Response:
    """The result of a coroutine that never waits: it may only yield to other tasks, and there are none."""
    try:
        while True:
            work.send(None)
    except StopIteration as end:
        return cast("web.Response", end.value)
