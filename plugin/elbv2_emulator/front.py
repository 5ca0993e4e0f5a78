"""The API's front: who asks, what for, late or refused by a fault, valid, applied, written down, answered."""

import asyncio
import logging
import re
import uuid
from dataclasses import dataclass
from random import Random
from typing import Any

from aiohttp import web
from botocore.model import OperationModel

from elbv2_emulator.api import arns, shapes, throttle, undocumented, wire
from elbv2_emulator.api.actions import ACTIONS
from elbv2_emulator.api.errors import ApiError, InvalidAction, ValidationError
from elbv2_emulator.api.faults import Fault
from elbv2_emulator.api.late_writes import LOOK_SECONDS
from elbv2_emulator.state import target_health as health
from elbv2_emulator.state.journal import Entry
from elbv2_emulator.state.resources import Scope
from elbv2_emulator.traffic.listeners import DataPlane
from elbv2_emulator.world import World

logger = logging.getLogger(__name__)

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[0-9]{8}/([a-z0-9-]+)/")


@dataclass(slots=True)
class _Call:
    """What has become known of a request so far, for the journal."""

    action: str = ""
    parameters: dict[str, Any] | None = None
    principal: str | None = None
    region: str = arns.DEFAULT_REGION
    answered: str | None = None  # what a fault had the client get instead of the outcome


class Front:
    """The operations over HTTP."""

    def __init__(
        self,
        world: World,
        data_plane: DataPlane,
        random: Random,
    ) -> None:
        self._stores = world.stores
        self._faults = world.faults
        self._late_writes = world.late_writes
        self._journal = world.journal
        self._clock = world.clock
        self._timing = world.timing
        self._levels = world.throttled
        self._data_plane = data_plane
        self._random = random

    async def answer(self, request: web.Request) -> web.Response:
        request_id = str(uuid.uuid4())
        call = _Call()
        try:
            await self._late_writes.land()
            operation = await self._read(request, call)
            strike = self._faults.strike(call.action)
            await asyncio.sleep(strike.latency_seconds)
            if strike.instead is not None:
                return await self._answered_instead(strike.instead, request, call, operation, request_id)
            return _document(200, await self._applied(call, operation, request_id), request_id)
        except ApiError as error:
            self._write_down(call, error.status, error.code)
            return _refusal(error, request_id)
        except Exception:
            logger.exception("%s failed", call.action or "A request")
            failure = ApiError("InternalFailure", "The emulator has a defect: its log says more")
            self._write_down(call, failure.status, failure.code)
            return _refusal(failure, request_id)

    async def _read(self, request: web.Request, call: _Call) -> OperationModel:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise ValidationError(f"The request is too large: {error.text}") from error
        _read_credentials(request, call)
        tree = wire.read_form(body)
        action = tree.pop("Action", "")
        version = tree.pop("Version", "")
        call.action = action if isinstance(action, str) else ""
        if call.principal is None:
            raise ApiError("MissingAuthenticationToken", "Missing Authentication Token")
        operation = shapes.operation(call.action)
        if operation is None or version != shapes.service().api_version:
            raise InvalidAction(f"Could not find operation '{call.action}' for version '{version}'")
        if call.action not in ACTIONS:
            raise InvalidAction(f"This emulator does not have the operation '{call.action}'")
        self._throttle(call)
        call.parameters = wire.decode(tree, operation.input_shape)
        return operation

    async def _answered_instead(
        self, fault: Fault, request: web.Request, call: _Call, operation: OperationModel, request_id: str
    ) -> web.Response:
        error = None
        if fault.error:
            error = ApiError(
                fault.error, fault.message or f"The emulator was told to answer {call.action} so"
            )
        if fault.applied_after_seconds is not None:
            call.answered = fault.error or fault.answer
            self._late_writes.add(fault.applied_after_seconds, lambda: self._unheard(call, operation))
            await self._late_writes.land()
        elif error is not None:
            self._write_down(call, error.status, error.code)
        else:
            call.answered = fault.answer
            self._write_down(call, None, None)
        if error is not None:
            return _refusal(error, request_id)
        return await _no_answer(request, silent=fault.answer == "silence")

    async def _unheard(self, call: _Call, operation: OperationModel) -> None:
        """Apply a call that has been answered for, or is not answered at all."""
        try:
            await self._applied(call, operation, "")
        except ApiError as error:
            self._write_down(call, error.status, error.code)
        except Exception:
            logger.exception("%s failed when it was due", call.action)
            self._write_down(call, 500, "InternalFailure")

    def _throttle(self, call: _Call) -> None:
        if self._timing.throttling:
            levels = throttle.admitted(self._levels[call.region], call.action, self._clock())
            if levels is None:
                raise ApiError("Throttling", "Rate exceeded")
            self._levels[call.region] = levels

    async def _applied(self, call: _Call, operation: OperationModel, request_id: str) -> str:
        parameters = call.parameters or {}
        shapes.validate(call.action, parameters)
        store = self._stores[call.region]
        now = self._clock()
        store.observe(health.settled(store.current, now))
        only_reads = call.action.startswith("Describe")
        before = store.told(self._random) if only_reads else store.current
        scope = Scope(call.region, now, self._timing.registration_lag_seconds)
        try:
            after, output = ACTIONS[call.action](before, parameters, scope)
        except ApiError as error:
            if error.code not in shapes.error_codes(call.action):
                raise TypeError(f"{call.action} cannot answer {error.code}: {error.message}") from error
            raise
        # First the answer: a state whose answer cannot be written is not taken on.
        document = wire.encode(operation, output, request_id)
        if not only_reads:
            store.put(health.settled(after, now))
        self._write_down(call, 200, None, undocumented.in_call(parameters))
        await self._data_plane.follow(before, after, store)
        return document

    def _write_down(
        self, call: _Call, status: int | None, error: str | None, mark: str | None = None
    ) -> None:
        self._journal.add(
            Entry(
                time=self._clock(),
                action=call.action,
                parameters=call.parameters or {},
                principal=call.principal,
                status=status,
                error=error,
                undocumented=mark,
                answered=call.answered,
            )
        )


async def _no_answer(request: web.Request, *, silent: bool) -> web.Response:
    """End the connection; if silent, only when the client has ended it."""
    while silent and request.transport is not None:  # noqa: ASYNC110  aiohttp does not tell of it
        await asyncio.sleep(LOOK_SECONDS)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _refusal(error: ApiError, request_id: str) -> web.Response:
    return _document(error.status, wire.encode_error(error, request_id), request_id)


def _document(status: int, text: str, request_id: str) -> web.Response:
    return web.Response(
        status=status, text=text, content_type="text/xml", headers={"x-amzn-RequestId": request_id}
    )


def _read_credentials(request: web.Request, call: _Call) -> None:
    """The access key id and the region of the credential scope. The signature is not checked."""
    header = request.headers.get("Authorization", "")
    if found := _CREDENTIAL.search(header):
        call.principal, call.region = found[1], found[2]
    elif header:
        call.principal = "unknown"
