"""The time that a call has."""

from typing import Any

import pytest

from elbv2_trafficrouter.rpc.call import GrpcCall


class Context:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def time_remaining(self) -> float:
        return self._seconds


@pytest.mark.parametrize(
    ("client", "left"),
    [
        pytest.param(10, 9, id="a second is for the answer"),
        pytest.param(1, 0.9, id="a short deadline loses a tenth"),
        pytest.param(9.2e18, 59, id="no deadline"),
    ],
)
def test_seconds_left(monkeypatch: pytest.MonkeyPatch, client: float, left: float) -> None:
    clock: Any = iter([1000, 1000, 1005, 1070])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    context: Any = Context(client)
    call = GrpcCall(context)
    assert call.seconds_left() == pytest.approx(left)
    assert call.seconds_left() == pytest.approx(left - 5), "it passes, also without a deadline"
    assert call.seconds_left() < 0
