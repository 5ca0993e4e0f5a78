"""Wraps every call: decodes the request, logs the call, and turns a Problem into a status."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.call import InternalError
from elbv2_trafficrouter.errors.request import UndecodableMessage
from elbv2_trafficrouter.rpc.log_fields import result_fields, subject_fields
from elbv2_trafficrouter.rpc.status import metadata, status

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

if TYPE_CHECKING:  # grpcio's own class takes no parameters
    Handler = grpc.RpcMethodHandler[Any, Any]
else:
    Handler = grpc.RpcMethodHandler


class CallInterceptor(grpc.ServerInterceptor):
    """Wraps the methods of one service. Calls to other services (health, reflection) pass unchanged."""

    def __init__(self, service: str) -> None:
        self._prefix = f"/{service}/"

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        handler = continuation(handler_call_details)
        if handler is None or not handler_call_details.method.startswith(self._prefix):
            return handler
        method = handler_call_details.method.removeprefix(self._prefix)

        def answer(raw: bytes, context: grpc.ServicerContext) -> Message:
            return _answer(method, handler, raw, context)

        # No deserializer: grpcio would answer INTERNAL to a message that can't be decoded.
        return grpc.unary_unary_rpc_method_handler(answer, response_serializer=handler.response_serializer)


def _answer(method: str, handler: Handler, raw: bytes, context: grpc.ServicerContext) -> Message:
    begun = time.monotonic()
    log = _log.bind(method=method)
    try:
        request = _decoded(method, handler, raw)
        log = log.bind(**subject_fields(request))
        response: Message = handler.unary_unary(request, context)  # type: ignore[misc]  # unary: the contract has no streams
    except Problem as problem:
        failure = problem
    except Exception:
        log.exception("unexpected exception")
        failure = InternalError(method)
    else:
        result = result_fields(response)
        log_done = log.info if result else log.debug
        log_done("done", **result, seconds=_seconds_since(begun))
        return response
    log.warning(
        "failed",
        code=failure.kind.name,
        error=failure.sentence,
        details=metadata(failure),
        seconds=_seconds_since(begun),
    )
    return context.abort_with_status(rpc_status.to_status(status(failure)))


def _decoded(method: str, handler: Handler, raw: bytes) -> Any:
    try:
        return handler.request_deserializer(raw)  # type: ignore[misc]  # the generated code gives one
    except DecodeError as error:
        raise UndecodableMessage(method) from error


def _seconds_since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)
