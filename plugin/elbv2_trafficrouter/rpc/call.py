"""A gRPC call as routing sees it."""

import time

import grpc

from elbv2_trafficrouter.routing.ports import Call

# Also the deadline of a call whose client sets none, for which grpcio reports centuries.
_LONGEST_SECONDS = 60.0
_RESERVE_SECONDS = 1.0
_RESERVE_PART = 0.1


class GrpcCall(Call):
    """Its deadline is one second before the client's, so that the client still receives the reason."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context
        seconds = min(context.time_remaining(), _LONGEST_SECONDS)
        # A short deadline loses only a tenth: one second may be all that it has.
        self._until = time.monotonic() + seconds - min(_RESERVE_SECONDS, seconds * _RESERVE_PART)

    def seconds_left(self) -> float:
        return self._until - time.monotonic()

    def is_connected(self) -> bool:
        return self._context.is_active()
