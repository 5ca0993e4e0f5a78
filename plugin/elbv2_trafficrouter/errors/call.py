"""What ends a call whatever it is about."""

from elbv2_trafficrouter.errors.problem import Kind, Problem, escaped


class Superseded(Problem):
    kind = Kind.ABORTED

    def __init__(self, method: str, namespace: str, rollout: str) -> None:
        super().__init__(
            f"A newer {method} for the Rollout {escaped(rollout)} in {escaped(namespace)} overtook this one, "
            "which wrote nothing more. The newer one counts."
        )


class ClientDisconnected(Problem):
    kind = Kind.CANCELLED

    def __init__(self) -> None:
        super().__init__("The client left before the write was sent; nothing more was written.")


class DeadlineExceeded(Problem):
    kind = Kind.DEADLINE_EXCEEDED

    def __init__(self, waited_for: str) -> None:
        super().__init__(
            f"The call's time ran out while it waited for {waited_for}; nothing more was written. "
            "It is tried again by itself; if it stays, give the caller more time (the bridge's --timeout)."
        )


class InternalError(Problem):
    kind = Kind.INTERNAL

    def __init__(self, method: str) -> None:
        super().__init__(
            f"{method} failed for a defect of the router. Report it with the traceback in its log."
        )
