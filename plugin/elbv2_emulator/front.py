"""Handles an API call: authenticate, throttle, inject faults, validate, apply, journal."""

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
from elbv2_emulator.api.late_writes import POLL_SECONDS
from elbv2_emulator.state import target_health
from elbv2_emulator.state.journal import Entry
from elbv2_emulator.state.resources import Scope
from elbv2_emulator.traffic.listeners import OpenListeners
from elbv2_emulator.world import World

logger = logging.getLogger(__name__)

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[0-9]{8}/([a-z0-9-]+)/")


@dataclass(slots=True)
class _Call:
    """What is known about a request so far, for the journal."""

    action: str = ""
    parameters: dict[str, Any] | None = None
    principal: str | None = None
    region: str = arns.DEFAULT_REGION
    answered: str | None = None  # what the client gets, because of a fault, instead of the outcome


class ApiCalls:
    """The operations of ELBv2 over HTTP."""

    def __init__(
        self,
        world: World,
        listeners: OpenListeners,
        random: Random,
    ) -> None:
        self._stores = world.stores
        self._faults = world.faults
        self._late_writes = world.late_writes
        self._journal = world.journal
        self._clock = world.clock
        self._timing = world.timing
        self._throttle_levels = world.throttle_levels
        self._listeners = listeners
        self._random = random

    async def answer(self, request: web.Request) -> web.Response:
        request_id = str(uuid.uuid4())
        call = _Call()
        try:
            await self._late_writes.apply_due()
            operation = await self._read(request, call)
            effect = self._faults.apply_to(call.action)
            await asyncio.sleep(effect.latency_seconds)
            if effect.replacement is not None:
                return await self._answer_by_fault(effect.replacement, request, call, operation, request_id)
            return _document(200, await self._apply(call, operation, request_id), request_id)
        except ApiError as error:
            self._record(call, error.status, error.code)
            return _refusal(error, request_id)
        except Exception:
            logger.exception("%s failed because of a bug in the emulator", call.action or "A request")
            failure = ApiError("InternalFailure", "The emulator has a bug: its log has the traceback")
            self._record(call, failure.status, failure.code)
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
            raise InvalidAction(f"This emulator does not implement the operation '{call.action}'")
        self._throttle(call)
        call.parameters = wire.decode(tree, operation.input_shape)
        return operation

    async def _answer_by_fault(
        self, fault: Fault, request: web.Request, call: _Call, operation: OperationModel, request_id: str
    ) -> web.Response:
        error = None
        if fault.error:
            error = ApiError(
                fault.error,
                fault.message or f"A fault that was injected into the emulator fails {call.action}",
            )
        if fault.applied_after_seconds is not None:
            call.answered = fault.error or fault.answer
            self._late_writes.add(fault.applied_after_seconds, lambda: self._apply_late(call, operation))
            await self._late_writes.apply_due()
        elif error is not None:
            self._record(call, error.status, error.code)
        else:
            call.answered = fault.answer
            self._record(call, None, None)
        if error is not None:
            return _refusal(error, request_id)
        return await _leave_unanswered(request, silent=fault.answer == "silence")

    async def _apply_late(self, call: _Call, operation: OperationModel) -> None:
        """Apply a call whose client has already got its response, or never gets one."""
        try:
            await self._apply(call, operation, "")
        except ApiError as error:
            self._record(call, error.status, error.code)
        except Exception:
            logger.exception(
                "%s, which a fault had delayed, failed because of a bug in the emulator", call.action
            )
            self._record(call, 500, "InternalFailure")

    def _throttle(self, call: _Call) -> None:
        if self._timing.throttling:
            levels = self._throttle_levels[call.region]
            self._throttle_levels[call.region], is_admitted = throttle.levels_after(
                levels, call.action, self._clock()
            )
            if not is_admitted:
                raise ApiError("Throttling", "Rate exceeded")

    async def _apply(self, call: _Call, operation: OperationModel, request_id: str) -> str:
        parameters = call.parameters or {}
        shapes.validate(call.action, parameters)
        store = self._stores[call.region]
        now = self._clock()
        still_served = store.groups_served_until_batch_ends()
        store.put_same_version(target_health.as_of(store.current, now, still_served))
        only_reads = call.action.startswith("Describe")
        before = store.visible_to_reads(self._random) if only_reads else store.current
        scope = Scope(call.region, now, self._timing.registration_lag_seconds)
        try:
            after, output = ACTIONS[call.action](before, parameters, scope)
        except ApiError as error:
            if error.code not in shapes.error_codes(call.action):
                raise TypeError(f"{call.action} cannot answer {error.code}: {error.message}") from error
            raise
        # Encode the output first: if that fails, the new state must not be stored.
        document = wire.encode(operation, output, request_id)
        if not only_reads:
            store.put(target_health.as_of(after, now, still_served))
        self._record(call, 200, None, undocumented.in_call(parameters))
        await self._listeners.follow(before, after, store)
        return document

    def _record(self, call: _Call, status: int | None, error: str | None, mark: str | None = None) -> None:
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


async def _leave_unanswered(request: web.Request, *, silent: bool) -> web.Response:
    """Close the connection. If silent, wait until the client has closed it."""
    while silent and request.transport is not None:  # noqa: ASYNC110  aiohttp has no event for it
        await asyncio.sleep(POLL_SECONDS)
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
    """Read the access key id and the region of the credential scope. The signature is not checked."""
    header = request.headers.get("Authorization", "")
    if found := _CREDENTIAL.search(header):
        call.principal, call.region = found[1], found[2]
    elif header:
        call.principal = "unknown"
