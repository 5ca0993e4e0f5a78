"""Wraps every call: receives the message, waits for a slot, decodes the request, logs the call, and turns a
Problem into a status.

Every unary request is taken as a stream of one message, which is the same on the wire. grpcio's own way of
waiting for a unary message can't be ended, and lasts as long as the client likes.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from google.protobuf.message import Message
from grpc_status import rpc_status

from elbv2_trafficrouter.errors import Kind, Problem
from elbv2_trafficrouter.errors.call import InternalError, TooManyCalls
from elbv2_trafficrouter.rollout.decoding import decode
from elbv2_trafficrouter.routing.outcome import Verification
from elbv2_trafficrouter.rpc.admission import Admission, Receiving
from elbv2_trafficrouter.rpc.call import GrpcCall
from elbv2_trafficrouter.rpc.log_fields import result_fields, subject_fields
from elbv2_trafficrouter.rpc.responses import verify_weight_response
from elbv2_trafficrouter.rpc.status import code, metadata, status

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

if TYPE_CHECKING:  # grpcio's own class takes no parameters
    Handler = grpc.RpcMethodHandler[Any, Any]
else:
    Handler = grpc.RpcMethodHandler


class CallInterceptor(grpc.ServerInterceptor):
    """Handles the methods of one service as its own calls.

    Those of others (health, reflection) only get their message: they are outside the limits of calls.
    """

    def __init__(self, service: str, plugin_name: str, admission: Admission) -> None:
        self._prefix = f"/{service}/"
        self._plugin_name = plugin_name
        self._admission = admission
        self._receiving = Receiving()
        self._receiving_elsewhere = Receiving()

    def cancel_incomplete(self) -> None:
        """Cancels the calls whose message has not arrived."""
        for receiving in (self._receiving, self._receiving_elsewhere):
            receiving.cancel_late(0)

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        for receiving in (self._receiving, self._receiving_elsewhere):
            receiving.cancel_late()
        handler = continuation(handler_call_details)
        if handler is None or handler.request_streaming:
            return handler
        if not handler_call_details.method.startswith(self._prefix):
            return _with_message(handler, self._receiving_elsewhere)
        method = handler_call_details.method.removeprefix(self._prefix)

        def answer(messages: Iterator[bytes], context: grpc.ServicerContext) -> Message:
            return self._answer(method, handler, messages, context)

        # No deserializer: grpcio would answer INTERNAL to a message that can't be decoded.
        return grpc.stream_unary_rpc_method_handler(answer, response_serializer=handler.response_serializer)

    def _answer(
        self, method: str, handler: Handler, messages: Iterator[bytes], context: grpc.ServicerContext
    ) -> Message:
        begun = time.monotonic()
        log = _log.bind(method=method)
        try:
            with self._receiving.counted(context):
                raw = next(messages, b"")
            with self._admission.working(GrpcCall(context), len(raw)):
                request = decode(method, raw, self._plugin_name)
                log = log.bind(**subject_fields(request))
                response: Message = handler.unary_unary(request, context)  # type: ignore[misc]  # unary: the contract has no streams
        except grpc.RpcError:
            raise  # by grpcio, for a client that is gone
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
        if method == "VerifyWeight" and failure.kind is not Kind.INVALID_ARGUMENT:
            # Argo Rollouts proceeds after an error.
            return verify_weight_response(Verification(failure))
        return context.abort_with_status(rpc_status.to_status(status(failure)))


def _with_message(handler: Handler, receiving: Receiving) -> Handler:
    """A unary handler of another service, called once its message has arrived, in that service's threads."""
    behavior: Any = handler.unary_stream or handler.unary_unary

    def answer(messages: Iterator[Any], context: grpc.ServicerContext, *send: Any) -> Any:
        try:
            with receiving.counted(context):
                request = next(messages, None)
        except TooManyCalls as problem:
            return context.abort(code(problem), problem.sentence)
        if request is None:
            return context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The call has no request message.")
        return behavior(request, context, *send)

    for name in ("experimental_thread_pool", "experimental_non_blocking"):
        if hasattr(behavior, name):
            setattr(answer, name, getattr(behavior, name))
    stream: Any = grpc.stream_stream_rpc_method_handler
    unary: Any = grpc.stream_unary_rpc_method_handler
    kind = stream if handler.response_streaming else unary
    handled: Handler = kind(answer, handler.request_deserializer, handler.response_serializer)
    return handled


def _seconds_since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)
