"""Whatever calls come, and whatever listener they find: what is not ours stays, and ours can be removed."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from elbv2_trafficrouter.aws.tags import Elbv2Tags
from elbv2_trafficrouter.routing.headers import plan as header_plan
from elbv2_trafficrouter.routing.headers import routes as header_routes
from elbv2_trafficrouter.routing.headers.plan import HeaderRuleChange
from support.any.calls import Calls

ANY = settings(max_examples=200, stateful_step_count=8)


def test_what_is_not_ours_stays_and_removal_leaves_nothing_of_ours() -> None:
    run_state_machine_as_test(Calls, settings=ANY)


def shaped_like_any(rule: Any, bases: Any, _groups: Any) -> bool:
    return rule.priority is not None and rule.arn not in bases


def route_of_anybody(tags: Mapping[str, str], _owner: Any) -> str | None:
    return tags.get("elbv2-trafficrouter/route")


def all_above(base: Any, _rules: Any, _ours: Any) -> range:
    return range(1, base.priority or 50_001)


@pytest.mark.parametrize(
    ("owner", "protection", "without"),
    [
        pytest.param(header_routes, "is_shaped_like_ours", shaped_like_any, id="forged tags"),
        pytest.param(header_routes, "route_of", route_of_anybody, id="other Rollouts"),
        pytest.param(header_plan, "gap_above", all_above, id="order among others"),
        pytest.param(header_routes, "is_present", lambda *_: True, id="lost routes"),
        pytest.param(HeaderRuleChange, "is_done", False, id="idempotency"),
        pytest.param(Elbv2Tags, "read", lambda *_: {}, id="rules of an earlier process"),
    ],
)
def test_it_is_noticed_when_a_protection_is_gone(
    owner: Any, protection: str, without: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, protection, without)
    until_noticed = settings(ANY, max_examples=2000, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises((AssertionError, KeyError)):
        run_state_machine_as_test(Calls, settings=until_noticed)
