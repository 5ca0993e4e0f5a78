"""hypothesis strategies: any header route, with values that it must match and values that it must not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from support.any.rule import ROUTES

Json = dict[str, Any]


@dataclass(frozen=True)
class Match:
    """`kind`: exact, prefix or regex."""

    header: str
    kind: str
    value: str
    meets: str
    misses: str

    @property
    def as_json(self) -> Json:
        return {"headerName": self.header, "headerValue": {self.kind: self.value}}


@dataclass(frozen=True)
class AnyHeaderRoute:
    name: str
    matches: Sequence[Match]

    @property
    def as_json(self) -> Json:
        return {"name": self.name, "match": [match.as_json for match in self.matches]}

    @property
    def by_header(self) -> Mapping[str, Sequence[Match]]:
        headers: dict[str, list[Match]] = {}
        for match in self.matches:
            headers.setdefault(match.header.lower(), []).append(match)
        return headers


# A value in the last column does not match any of these comparisons, whatever it was chosen for.
_COMPARISONS = (
    ("exact", "beta", "beta", "betas"),
    ("exact", "a*b?", "A*b?", "axxby"),
    ("exact", "x.y", "x.y", "xzy"),
    ("exact", "caf\u00e9", "caf\u00e9", "cafe"),
    ("prefix", "int-", "int-7", "out-int"),
    ("prefix", "q*", "q*7", "qqq"),
    ("regex", "^(gamma|delta)$", "delta", "gammas"),
    ("regex", "v[0-9]+", "v12", "v"),
)
_REFUSED = (("exact", "", "", ""), ("regex", "^(?=a)", "", ""), ("prefix", "*" * 129, "", ""))
_HEADERS = ("X-User", "x-user", "X-Canary", "Region")


def _matches(
    headers: st.SearchStrategy[str], comparisons: Sequence[tuple[str, ...]]
) -> st.SearchStrategy[Match]:
    return st.builds(
        lambda header, comparison: Match(header, *comparison), headers, st.sampled_from(comparisons)
    )


_NAME = st.sampled_from(ROUTES)
_GOOD = _matches(st.sampled_from(_HEADERS), _COMPARISONS)
_ANY = _matches(st.sampled_from([*_HEADERS, "Host"]), (*_COMPARISONS, *_REFUSED))
GOOD_HEADER_ROUTE = st.builds(AnyHeaderRoute, _NAME, st.lists(_GOOD, min_size=1, max_size=3))
ANY_HEADER_ROUTE = GOOD_HEADER_ROUTE | st.builds(AnyHeaderRoute, _NAME, st.lists(_ANY, max_size=5))
