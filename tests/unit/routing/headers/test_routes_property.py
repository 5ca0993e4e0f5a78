"""Any calls on any listener: what belongs to others stays, and all rules of the Rollout can be removed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from elbv2_trafficrouter.aws.elbv2.tags import Elbv2Tags
from elbv2_trafficrouter.routing.headers import plan as header_plan
from elbv2_trafficrouter.routing.headers import routes as header_routes
from elbv2_trafficrouter.routing.headers.plan import HeaderRuleChange
from elbv2_trafficrouter.routing.headers.priority import free_priority
from support.any.calls import Calls
from support.any.examples import examples
from support.any.promises import Promise, PromiseBrokenError

ANY = settings(
    max_examples=examples(100),
    stateful_step_count=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    print_blob=True,
)
SHRINKING_SECONDS = 15
TWIN = settings(
    ANY, max_examples=200, phases=[Phase.generate], derandomize=True, database=None, print_blob=False
)
"""Of the twins and their control: the same examples in every run, so that none fails by chance."""


@pytest.fixture(autouse=True)
def _shrinking_ends_before_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that times out shows no example. hypothesis shrinks for 300 s and has no setting for that."""
    monkeypatch.setattr("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", SHRINKING_SECONDS)


@pytest.mark.hypothesis
def test_any_calls_on_any_listener_keep_every_promise() -> None:
    run_state_machine_as_test(Calls, settings=ANY)


def shaped_like_any(rule: Any, bases: Any, _groups: Any) -> bool:
    return rule.priority is not None and rule.arn not in bases


def route_of_anybody(tags: Mapping[str, str], _owner: Any) -> str | None:
    return tags.get("elbv2-trafficrouter/route")


def in_reverse(route: Any, base: Any, gap: Any, taken: Any, names: Sequence[str]) -> int:
    return free_priority(route, base, gap, taken, names[::-1])


@pytest.mark.parametrize(
    ("owner", "protection", "without", "broken"),
    [
        pytest.param(
            header_routes, "is_shaped_like_ours", shaped_like_any, Promise.OTHERS_UNCHANGED, id="forged tags"
        ),
        pytest.param(
            header_routes, "route_of", route_of_anybody, Promise.OTHERS_UNCHANGED, id="other Rollouts"
        ),
        pytest.param(header_plan, "free_priority", lambda *_: 1, Promise.POSITION, id="position"),
        pytest.param(header_plan, "free_priority", in_reverse, Promise.ORDER, id="order of managedRoutes"),
        pytest.param(
            header_routes, "is_present", lambda *_: True, Promise.MISSING_REPORTED, id="missing rules"
        ),
        pytest.param(HeaderRuleChange, "is_done", False, Promise.REPEATED_UNCHANGED, id="idempotency"),
        pytest.param(Elbv2Tags, "read", lambda *_: {}, Promise.ALL_REMOVED, id="rules of an earlier process"),
    ],
)
def test_it_is_noticed_when_a_protection_is_gone(
    owner: Any, protection: str, without: Any, broken: Promise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, protection, without)
    with pytest.raises(PromiseBrokenError) as caught:
        run_state_machine_as_test(checking(broken), settings=TWIN)
    assert caught.value.promise is broken


@pytest.mark.timeout(300)
def test_nothing_is_noticed_when_no_protection_is_gone() -> None:
    run_state_machine_as_test(Calls, settings=TWIN)


def checking(promise: Promise) -> type[Calls]:
    """Calls that are checked for one promise: without a protection, others may be broken before it."""
    return type("CallsOfATwin", (Calls,), {"checked": {promise}})
