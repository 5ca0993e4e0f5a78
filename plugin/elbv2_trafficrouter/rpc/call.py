"""A gRPC call as routing sees it."""

import time

import grpc

from elbv2_trafficrouter.routing.ports import Call

# Also the deadline of a call whose client sets none: grpcio reports centuries for it.
_LONGEST_SECONDS = 60.0
_RESERVE_SECONDS = 1.0
_RESERVE_PART = 0.1


class GrpcCall(Call):
    """A call whose deadline is one second before the client's, so that the client still gets the reason."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context
        seconds = min(context.time_remaining(), _LONGEST_SECONDS)
        # A short deadline is only shortened by a tenth: it may be less than a second away.
        self._until = time.monotonic() + seconds - min(_RESERVE_SECONDS, seconds * _RESERVE_PART)

    def seconds_left(self) -> float:
        return self._until - time.monotonic()

    def is_connected(self) -> bool:
        return self._context.is_active()
