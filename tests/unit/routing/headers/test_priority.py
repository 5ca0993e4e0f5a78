"""The priority of a header rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.managed_routes import NoFreePriority
from elbv2_trafficrouter.routing.headers.priority import free_priority, gap_above
from elbv2_trafficrouter.routing.rule import ListenerRule

ACCOUNT = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER = Arn(f"{ACCOUNT}:listener/app/petclinic/50dc/9f2a")


def rule(priority: int | None) -> ListenerRule:
    """A rule that has only a priority; without one, the listener's default action."""
    arn = (
        LISTENER
        if priority is None
        else Arn(f"{LISTENER.replace(':listener/', ':listener-rule/')}/{priority:x}")
    )
    return ListenerRule(arn, (), (), priority=priority)


def gap(base: int | None, *others: int, owned: tuple[int, ...] = ()) -> range:
    rules = [rule(base), *map(rule, (*others, *owned))]
    return gap_above(rule(base), rules, {rule(priority).arn for priority in owned})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(gap(10), range(1, 10), id="nothing above"),
        pytest.param(gap(10, 4), range(5, 10), id="a rule above"),
        pytest.param(gap(10, 2, 7, 4), range(8, 10), id="the nearest rule counts"),
        pytest.param(gap(10, 11, 50), range(1, 10), id="rules below do not count"),
        pytest.param(gap(10, 9), range(10, 10), id="a rule directly above"),
        pytest.param(gap(1), range(1, 1), id="the first rule"),
        pytest.param(gap(10, 3, owned=(5, 9)), range(4, 10), id="owned rules count as free"),
        pytest.param(gap(10, 6, owned=(5,)), range(7, 10), id="an owned rule above another rule"),
        pytest.param(gap(None), range(1, 50_001), id="a default action alone"),
        pytest.param(gap(None, 10, 300), range(301, 50_001), id="a default action below others"),
        pytest.param(gap(None, 50_000), range(50_001, 50_001), id="a default action below the last priority"),
    ],
)
def test_the_gap_above_a_rule(found: range, expected: range) -> None:
    assert found == expected


NAMES = ("internal", "beta", "region")


def priority_of(route: str, free: range, **taken: int) -> int:
    """`taken`: route → priority."""
    return free_priority(
        route, rule(free.stop), free, {number: name for name, number in taken.items()}, NAMES
    )


@pytest.mark.parametrize(
    ("route", "priority"),
    [pytest.param("internal", 97, id="first"), ("beta", 98), pytest.param("region", 99, id="last")],
)
def test_each_managed_route_has_its_own_priority_directly_above_the_base(route: str, priority: int) -> None:
    assert priority_of(route, range(1, 100)) == priority


def test_above_a_default_action_the_last_priorities_are_reserved() -> None:
    assert [priority_of(name, range(1, 50_001)) for name in NAMES] == [49_998, 49_999, 50_000]


@pytest.mark.parametrize(
    ("route", "free", "taken", "priority"),
    [
        pytest.param("beta", range(98, 100), {}, 98, id="a small gap, its own priority is free"),
        pytest.param("internal", range(98, 100), {}, 98, id="a small gap without its own priority"),
        pytest.param("internal", range(98, 100), {"beta": 99}, 98, id="before a later route"),
        pytest.param("region", range(98, 100), {"beta": 98}, 99, id="after an earlier route"),
        pytest.param(
            "beta", range(1, 100), {"internal": 98, "region": 90}, 97, id="no priority keeps the order"
        ),
        pytest.param("region", range(1, 100), {"internal": 99}, 98, id="a name that was added at the end"),
        pytest.param("beta", range(1, 100), {"internal": 5, "region": 7}, 6, id="between two routes"),
        pytest.param("beta", range(1, 100), {"gone": 98}, 97, id="a route that is no longer managed"),
    ],
)
def test_a_rule_keeps_the_order_of_managed_routes_where_it_can(
    route: str, free: range, taken: dict[str, int], priority: int
) -> None:
    assert priority_of(route, free, **taken) == priority


@given(
    st.integers(4, 9),
    st.permutations(["a", "b", "c", "d"]),
    st.lists(st.sampled_from("abcd"), unique=True, max_size=4),
)
def test_rules_created_in_any_order_end_in_the_order_of_managed_routes(
    size: int, names: list[str], created: list[str]
) -> None:
    """In a gap that has room for all names."""
    taken: dict[int, str] = {}
    for route in created:
        taken[free_priority(route, rule(90), range(90 - size, 90), taken, names)] = route
    assert [taken[number] for number in sorted(taken)] == sorted(created, key=names.index)


def test_in_a_gap_with_fewer_priorities_than_names_the_order_may_differ() -> None:
    """All routes of a Rollout lead to the same canary, so another order does no harm."""
    names, free = ("internal", "beta", "region", "last"), range(49_998, 50_001)
    taken: dict[int, str] = {}
    for route in ("beta", "last", "internal"):
        taken[free_priority(route, rule(None), free, taken, names)] = route
    assert taken == {49_998: "beta", 49_999: "internal", 50_000: "last"}


@pytest.mark.parametrize(
    ("base", "free", "names", "trouble"),
    [
        pytest.param(
            1,
            range(1, 1),
            ("beta",),
            "listener-rule/app/petclinic/50dc/9f2a/1, which has priority 1: no lower number is free. "
            "Change the priorities of the rules (SetRulePriorities) so that 1 is free directly above it.",
            id="the first rule",
        ),
        pytest.param(
            10,
            range(10, 10),
            NAMES,
            "listener-rule/app/petclinic/50dc/9f2a/a, which has priority 10: the rule above it has priority "
            "9. Change the priorities of the rules (SetRulePriorities) so that 3 are free directly above it.",
            id="a rule directly above",
        ),
        pytest.param(
            None,
            range(50_001, 50_001),
            ("beta",),
            "the default action of listener/app/petclinic/50dc/9f2a: the rule above it has priority 50000. "
            "Change the priorities of the rules (SetRulePriorities) so that 1 is free directly above it.",
            id="a default action with a rule at the last priority",
        ),
    ],
)
def test_no_free_priority_says_where_a_gap_is_needed(
    base: int | None, free: range, names: tuple[str, ...], trouble: str
) -> None:
    with pytest.raises(NoFreePriority) as caught:
        free_priority("beta", rule(base), free, {}, names)
    assert caught.value.sentence == (
        f"There is no free priority for the header route 'beta' directly above {trouble}"
    )
    assert caught.value.metadata == {"route": "beta", "rule": rule(base).arn}
