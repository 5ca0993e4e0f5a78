"""A gRPC call as routing sees it."""

import grpc

# Without a deadline grpcio reports centuries, too many for a lock's time-out.
_LONGEST_SECONDS = 60.0


class GrpcCall:
    """routing's Call."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context

    def seconds_left(self) -> float:
        return min(self._context.time_remaining(), _LONGEST_SECONDS)

    def client_is_there(self) -> bool:
        return self._context.is_active()
