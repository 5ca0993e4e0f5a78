"""The API's front: who asks, what for, late or refused by a fault, valid, applied, written down, answered."""

import logging
import re
import uuid
from collections import defaultdict
from dataclasses import dataclass
from random import Random
from typing import Any

from aiohttp import web
from botocore.model import OperationModel

from elbv2_emulator import action_checks, arns, health, shapes, throttle, wire
from elbv2_emulator.actions import ACTIONS
from elbv2_emulator.data_plane import DataPlane
from elbv2_emulator.errors import ApiError, InvalidAction, ValidationError
from elbv2_emulator.faults import Faults
from elbv2_emulator.journal import Entry, Journal
from elbv2_emulator.state import Scope
from elbv2_emulator.store import Store
from elbv2_emulator.timing import Clock, Timing

logger = logging.getLogger(__name__)

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[0-9]{8}/([a-z0-9-]+)/")


@dataclass(slots=True)
class _Call:
    """What has become known of a request so far, for the journal."""

    action: str = ""
    parameters: dict[str, Any] | None = None
    principal: str | None = None
    region: str = arns.DEFAULT_REGION


class Front:
    """The operations over HTTP."""

    def __init__(
        self,
        stores: dict[str, Store],
        data_plane: DataPlane,
        faults: Faults,
        journal: Journal,
        *,
        clock: Clock,
        timing: Timing,
        random: Random,
    ) -> None:
        self._stores = stores
        self._data_plane = data_plane
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._timing = timing
        self._random = random
        self._levels: defaultdict[str, throttle.Levels] = defaultdict(dict)

    async def answer(self, request: web.Request) -> web.Response:
        request_id = str(uuid.uuid4())
        call = _Call()
        try:
            document = await self._carried_out(request, call, request_id)
            status = 200
        except ApiError as error:
            self._write_down(call, error.status, error.code)
            status, document = error.status, wire.encode_error(error, request_id)
        except Exception:
            logger.exception("%s failed", call.action or "A request")
            failure = ApiError("InternalFailure", "The emulator has a defect: its log says more")
            self._write_down(call, failure.status, failure.code)
            status, document = failure.status, wire.encode_error(failure, request_id)
        return web.Response(
            status=status, text=document, content_type="text/xml", headers={"x-amzn-RequestId": request_id}
        )

    async def _carried_out(self, request: web.Request, call: _Call, request_id: str) -> str:
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
        await self._faults.strike(call.action)
        return await self._applied(call, operation, request_id)

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
        self._write_down(call, 200, None, action_checks.undocumented(parameters))
        await self._data_plane.follow(before, after, store)
        return document

    def _write_down(
        self, call: _Call, status: int, error: str | None, undocumented: str | None = None
    ) -> None:
        parameters = call.parameters or {}
        entry = Entry(self._clock(), call.action, parameters, call.principal, status, error, undocumented)
        self._journal.add(entry)


def _read_credentials(request: web.Request, call: _Call) -> None:
    """The access key id and the region of the credential scope. The signature is not checked."""
    header = request.headers.get("Authorization", "")
    if found := _CREDENTIAL.search(header):
        call.principal, call.region = found[1], found[2]
    elif header:
        call.principal = "unknown"
