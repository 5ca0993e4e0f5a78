"""Problems that can make any call fail."""

from elbv2_trafficrouter.errors.problem import Kind, Problem, location_text


class Superseded(Problem):
    kind = Kind.ABORTED

    def __init__(self, method: str, namespace: str, rollout: str) -> None:
        super().__init__(
            f"Superseded by a newer {method} for this Rollout; nothing more was written.",
            {"namespace": namespace, "rollout": rollout},
        )


class ClientDisconnected(Problem):
    kind = Kind.CANCELLED

    def __init__(self) -> None:
        super().__init__("The client disconnected before the write was sent; nothing more was written.")


class DeadlineExceeded(Problem):
    kind = Kind.DEADLINE_EXCEEDED

    def __init__(self, waited_for: str) -> None:
        super().__init__(
            f"The call ran out of time while it waited for {waited_for}; nothing more was written. "
            "This is retried automatically. If it persists, raise the caller's deadline (the bridge's "
            "--timeout)."
        )


class TooManyCalls(Problem):
    kind = Kind.RESOURCE_EXHAUSTED

    def __init__(self) -> None:
        super().__init__(
            "The router has as many calls in progress as it can handle, so this one was not started. "
            "This is retried automatically. If it persists, find out which client sends so many calls."
        )


class ApiBudgetExhausted(Problem):
    kind = Kind.RESOURCE_EXHAUSTED

    def __init__(self, arn: str) -> None:
        location = location_text(arn)
        super().__init__(
            f"Too many calls already wait for this router's share of AWS's API limits in {location}, so this "
            "one does not wait. This is retried automatically. If it persists, raise the sidecar's "
            "--api-share, or find out what makes so many calls.",
            {"location": location},
        )


class InternalError(Problem):
    kind = Kind.INTERNAL

    def __init__(self, method: str) -> None:
        super().__init__(
            f"{method} failed because of a bug in the router. "
            "Report it with the traceback from the router's log."
        )
