"""A gRPC call as routing sees it."""

import grpc

from elbv2_trafficrouter.routing.ports import Call

# For a call without a deadline, grpcio reports centuries, which is too long for a lock's timeout.
_LONGEST_SECONDS = 60.0
_RESERVE_SECONDS = 1.0
_RESERVE_PART = 0.1


class GrpcCall(Call):
    """A call whose deadline is one second before the client's, so that the client still gets the reason."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context
        # A short deadline is only shortened by a tenth: it may be less than a second away.
        self._reserve_seconds = min(_RESERVE_SECONDS, context.time_remaining() * _RESERVE_PART)

    def seconds_left(self) -> float:
        return min(self._context.time_remaining() - self._reserve_seconds, _LONGEST_SECONDS)

    def is_connected(self) -> bool:
        return self._context.is_active()
