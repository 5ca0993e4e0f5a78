"""A check that tests do nothing undocumented by AWS, unless they are marked `undocumented`."""

from collections.abc import Iterator

import pytest

from elbv2_emulator.state.journal import Entry, Journal


@pytest.fixture(autouse=True)
def _only_what_is_documented(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Fail the test at its end if any emulator in this process has journaled something undocumented."""
    found: list[str] = []
    add = Journal.add

    def add_and_note(journal: Journal, entry: Entry) -> None:
        if entry.undocumented is not None:
            found.append(f"{entry.action}: {entry.undocumented}")
        add(journal, entry)

    monkeypatch.setattr(Journal, "add", add_and_note)
    yield
    expected = request.node.get_closest_marker("undocumented") is not None
    assert bool(found) == expected, (
        f"AWS does not document {found}" if found else "the test is marked, but did nothing undocumented"
    )
