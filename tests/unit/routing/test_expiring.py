"""A mapping that forgets."""

from weakref import ref

import pytest

from elbv2_trafficrouter.routing.expiring import Expiring
from support.router.runtime import Runtime
from support.threads import join, start


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def entries(runtime: Runtime) -> Expiring[str, str | None]:
    return Expiring(runtime, 10)


def test_an_entry_is_forgotten_when_its_time_has_passed(
    entries: Expiring[str, str | None], runtime: Runtime
) -> None:
    entries.put("was", "stable")
    runtime.seconds = 10
    assert entries.get("was") == "stable"
    runtime.seconds = 10.1
    assert entries.get("was") is None
    assert len(entries) == 0


def test_an_entry_that_is_put_again_stays_longer(
    entries: Expiring[str, str | None], runtime: Runtime
) -> None:
    entries.put("was", "stable")
    entries.put("shop", "stable")
    runtime.seconds = 9
    entries.put("was", "canary")
    runtime.seconds = 19
    assert entries.copy() == {"was": "canary"}


def test_an_entry_that_is_kept_stays_longer(entries: Expiring[str, str | None], runtime: Runtime) -> None:
    entries.put("was", "stable")
    for _ in range(9):
        runtime.seconds += 10
        assert entries.keep("was") == "stable"
    runtime.seconds += 11
    assert entries.keep("was") is None


def test_an_entry_may_be_none(entries: Expiring[str, str | None]) -> None:
    entries.put("was", None)
    assert entries.copy(["was", "shop"]) == {"was": None}


def test_the_next_use_releases_what_is_forgotten(runtime: Runtime) -> None:
    entries: Expiring[str, Runtime] = Expiring(runtime, 10)
    value = Runtime()
    reference = ref(value)
    entries.put("was", value)
    del value
    runtime.seconds = 10.1
    assert reference() is not None
    entries.put("shop", runtime)
    assert reference() is None


def test_a_missing_entry_may_be_forgotten(entries: Expiring[str, str | None]) -> None:
    entries.pop("was")
    assert entries.copy() == {}


def test_an_entry_that_is_put_while_it_is_kept_has_the_newer_value(
    entries: Expiring[str, str | None],
) -> None:
    """`keep` reads and renews in one step: otherwise it would put an older value back."""
    overwritten = []

    def keep() -> None:
        for _ in range(2000):
            entries.keep("was")

    reader = start(keep)
    for number in range(2000):
        entries.put("was", str(number))
        if entries.get("was") != str(number):
            overwritten.append(number)
    join(reader)
    assert overwritten == []
