"""One wrapper around each call: decodes the message, logs, answers a Problem as a status."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors import Problem, escaped
from elbv2_trafficrouter.errors.call import InternalError
from elbv2_trafficrouter.errors.request import UndecodableMessage
from elbv2_trafficrouter.rpc.status import metadata, status

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

if TYPE_CHECKING:  # grpcio's own class takes no parameters
    Handler = grpc.RpcMethodHandler[Any, Any]
else:
    Handler = grpc.RpcMethodHandler


class CallInterceptor(grpc.ServerInterceptor):
    """For the methods of one service; others (health, reflection) pass untouched."""

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

        # No deserializer: inside grpcio a message that can't be decoded ends as INTERNAL.
        return grpc.unary_unary_rpc_method_handler(answer, response_serializer=handler.response_serializer)


def _answer(method: str, handler: Handler, raw: bytes, context: grpc.ServicerContext) -> Message:
    begun = time.monotonic()
    log = _log.bind(method=method)
    try:
        request = _decoded(method, handler, raw)
        log = log.bind(**_subject(request))
        response: Message = handler.unary_unary(request, context)  # type: ignore[misc]  # unary: the contract has no streams
    except Problem as problem:
        failure = problem
    except Exception:
        log.exception("defect")
        failure = InternalError(method)
    else:
        result = _result(response)
        tell = log.info if result else log.debug
        tell("done", **result, seconds=_since(begun))
        return response
    log.warning(
        "failed",
        code=failure.kind.name,
        error=failure.sentence,
        details=metadata(failure),
        seconds=_since(begun),
    )
    return context.abort_with_status(rpc_status.to_status(status(failure)))


def _decoded(method: str, handler: Handler, raw: bytes) -> Any:
    try:
        return handler.request_deserializer(raw)  # type: ignore[misc]  # the generated code gives one
    except DecodeError as error:
        raise UndecodableMessage(method) from error


def _subject(request: Any) -> dict[str, object]:
    """What the call is about, as far as the request tells."""
    subject: dict[str, object] = {}
    if hasattr(request, "rollout"):
        rollout = request.rollout.metadata
        subject |= {"namespace": escaped(rollout.namespace), "rollout": escaped(rollout.name)}
    if hasattr(request, "desired_weight") and request.HasField("desired_weight"):
        subject |= {"desired_weight": request.desired_weight}
    return subject


def _result(response: Any) -> dict[str, object]:
    """What the call did that is worth a line: rules that it wrote, and why something is not verified."""
    written = {
        rule.rule_arn: {group.service or group.arn: group.weight for group in rule.target_groups}
        for rule in getattr(response, "rules", ())
        if isinstance(rule, pb.RuleWeights) and rule.changed
    }
    routed = {
        rule.rule_arn: rule.route
        for rule in (*getattr(response, "header_rules", ()), *getattr(response, "rules", ()))
        if isinstance(rule, pb.HeaderRule) and rule.changed
    }
    result = {
        "written": written,
        "header_routes": routed,
        "removed": list(getattr(response, "removed_rule_arns", ())),
        "reason": getattr(response, "reason", ""),
    }
    return {name: value for name, value in result.items() if value}


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)
