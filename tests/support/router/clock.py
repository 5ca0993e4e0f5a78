"""A clock that a test moves."""


class StandingClock:
    """Seconds since the epoch, which stay the same until a test sets `now`."""

    def __init__(self) -> None:
        self.now = 1_767_225_600.0

    def __call__(self) -> float:
        return self.now
