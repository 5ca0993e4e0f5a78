"""How many requests the listeners took, and how they ended, by second."""

from collections import Counter
from typing import Any, NamedTuple

NEWEST_SECONDS = 3600


class Ended(NamedTuple):
    """How a request ended. None: it did not come so far; of `version`: the answer did not say."""

    rule: str | None
    group: str | None
    target: str | None  # id:port
    version: str | None
    status: int


class Counts:
    """All since the last reset, and one by one the newest seconds in which requests came."""

    def __init__(self) -> None:
        self.total: Counter[Ended] = Counter()
        self._seconds: dict[int, Counter[Ended]] = {}

    def add(self, second: int, ended: Ended) -> None:
        """`second`: since the epoch, in which the request came."""
        self.total[ended] += 1
        if second not in self._seconds:
            self._seconds[second] = Counter()
            if len(self._seconds) > NEWEST_SECONDS:
                del self._seconds[min(self._seconds)]
        self._seconds.get(second, Counter())[ended] += 1

    def clear(self) -> None:
        self.total.clear()
        self._seconds.clear()

    def since(self, second: int) -> Counter[Ended]:
        """Those that came in this second or later."""
        return sum((counts for at, counts in self._seconds.items() if at >= second), Counter())

    def as_json(self) -> dict[str, Any]:
        seconds = [
            {"second": second, "counts": _rows(counts)} for second, counts in sorted(self._seconds.items())
        ]
        return {"total": _rows(self.total), "seconds": seconds}


def _rows(counts: Counter[Ended]) -> list[dict[str, Any]]:
    return [{**ended._asdict(), "requests": requests} for ended, requests in tuple(counts.items())]
