"""A gRPC call as routing sees it."""

import grpc

from elbv2_trafficrouter.routing.ports import Call

# Without a deadline grpcio reports centuries, too much for a lock's time-out.
_LONGEST_SECONDS = 60.0
_RESERVE_SECONDS = 1.0
_RESERVE_PART = 0.1


class GrpcCall(Call):
    """Its deadline is one second before the client's, so that the client still receives the reason."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context
        # A short deadline loses only a tenth: one second may be all that it has.
        self._reserve_seconds = min(_RESERVE_SECONDS, context.time_remaining() * _RESERVE_PART)

    def seconds_left(self) -> float:
        return min(self._context.time_remaining() - self._reserve_seconds, _LONGEST_SECONDS)

    def is_connected(self) -> bool:
        return self._context.is_active()
