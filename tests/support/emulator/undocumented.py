"""Tests do nothing whose effect AWS does not document, unless it is what they are about."""

from collections.abc import Iterator

import pytest

from elbv2_emulator.state.journal import Entry, Journal


@pytest.fixture(autouse=True)
def _only_what_is_documented(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Fail the test at its end, whichever emulator of this process met it, reset or not."""
    met: list[str] = []
    add = Journal.add

    def noticed(journal: Journal, entry: Entry) -> None:
        if entry.undocumented is not None:
            met.append(f"{entry.action}: {entry.undocumented}")
        add(journal, entry)

    monkeypatch.setattr(Journal, "add", noticed)
    yield
    meant = request.node.get_closest_marker("undocumented") is not None
    assert bool(met) == meant, f"AWS does not document {met}" if met else "nothing undocumented was met"
