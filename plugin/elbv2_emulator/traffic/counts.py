"""Counts of the requests to listeners, by outcome and by second."""

from collections import Counter
from typing import Any, NamedTuple

NEWEST_SECONDS = 3600


class RequestOutcome(NamedTuple):
    """How a request ended. None: it did not get that far; for `version`: the response has no version."""

    rule: str | None
    group: str | None
    target: str | None  # id:port
    version: str | None
    status: int


class Counts:
    """All requests since the last reset, and separately those of the newest seconds that had requests."""

    def __init__(self) -> None:
        self.total: Counter[RequestOutcome] = Counter()
        self._seconds: dict[int, Counter[RequestOutcome]] = {}

    def add(self, second: int, outcome: RequestOutcome) -> None:
        """`second`: the second since the epoch in which the request arrived."""
        self.total[outcome] += 1
        if second not in self._seconds:
            self._seconds[second] = Counter()
            if len(self._seconds) > NEWEST_SECONDS:
                del self._seconds[min(self._seconds)]
        self._seconds.get(second, Counter())[outcome] += 1

    def clear(self) -> None:
        self.total.clear()
        self._seconds.clear()

    def since(self, second: int) -> Counter[RequestOutcome]:
        """The requests that arrived in this second or later."""
        return sum((counts for at, counts in self._seconds.items() if at >= second), Counter())

    def as_json(self) -> dict[str, Any]:
        seconds = [
            {"second": second, "counts": _rows(counts)} for second, counts in sorted(self._seconds.items())
        ]
        return {"total": _rows(self.total), "seconds": seconds}


def _rows(counts: Counter[RequestOutcome]) -> list[dict[str, Any]]:
    return [{**outcome._asdict(), "requests": requests} for outcome, requests in tuple(counts.items())]
