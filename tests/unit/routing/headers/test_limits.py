"""What ELBv2 allows in the conditions of one rule, and on one load balancer."""

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.managed_routes import LoadBalancerFull, TooManyConditions
from elbv2_trafficrouter.routing.headers.limits import check_conditions, check_room
from elbv2_trafficrouter.routing.rule import Condition, HeaderRule, Limits
from support.router.intents import ACCOUNT, CANARY, RULE

BALANCER = Arn(f"{ACCOUNT}:loadbalancer/app/petclinic/50dc")
LIMITS = Limits(values=5, wildcards=5, rules=100)


def rule(*conditions: Condition) -> HeaderRule:
    return HeaderRule("beta", RULE, 9, frozenset(conditions), (), CANARY, ())


def header(*values: str, name: str = "X-User", is_regex: bool = False) -> Condition:
    return Condition("http-header", frozenset(values), is_regex, name)


def path(*values: str, is_regex: bool = False) -> Condition:
    return Condition("path-pattern", frozenset(values), is_regex)


def query(*values: tuple[str, str]) -> Condition:
    return Condition("query-string", frozenset(values))


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param([path("/a", "/b", "/c"), header("x", "y")], id="five values"),
        pytest.param([path("/*", "/?"), header("***")], id="five wildcards"),
        pytest.param(
            [path("/*?*?*"), header("*+?*", is_regex=True)], id="a regular expression has no wildcards"
        ),
        pytest.param(
            [
                header("*****"),
                Condition("http-request-method", frozenset({"GET"})),
                Condition("source-ip", frozenset({"10.0.0.0/8"})),
            ],
            id="a method and an address have no wildcards",
        ),
        pytest.param([query(("a*", "b?"), ("", "***"))], id="wildcards in keys"),
        pytest.param([query(("", r"\*\?\*\?\*\?"))], id="escaped in a query string"),
    ],
)
def test_conditions_up_to_the_limits_are_accepted(conditions: list[Condition]) -> None:
    check_conditions(rule(*conditions), LIMITS)


@pytest.mark.parametrize(
    ("conditions", "asked", "what"),
    [
        pytest.param(
            [path("/a", "/b", "/c"), header("x", "y"), header("z", name="X-Region")],
            6,
            "condition values",
            id="values of all conditions",
        ),
        pytest.param([path("/*", "/?"), header("**"), query(("*", "?"))], 6, "wildcards", id="wildcards"),
        pytest.param([path("/*?*?*"), header("a?")], 6, "wildcards", id="wildcards in one value"),
        pytest.param([header(r"\*\*\*\*\*\*")], 6, "wildcards", id="escaped outside query strings"),
        pytest.param([query(("", r"\\******"))], 6, "wildcards", id="behind an escaped backslash"),
    ],
)
def test_a_rule_beyond_a_limit_is_refused(conditions: list[Condition], asked: int, what: str) -> None:
    with pytest.raises(TooManyConditions) as caught:
        check_conditions(rule(*conditions), LIMITS)
    assert caught.value.sentence == (
        "Together with the conditions of listener-rule/app/petclinic/50dc/9f2a/ba5e, the header route 'beta' "
        f"needs {asked} {what}, but ELBv2 allows 5 per rule. "
        "Use fewer in the setHeaderRoute step or in that rule."
    )
    assert caught.value.metadata == {"route": "beta", "rule": RULE}


def test_the_limits_are_those_of_the_account() -> None:
    with pytest.raises(TooManyConditions, match="ELBv2 allows 1 per rule"):
        check_conditions(rule(path("/a"), header("b")), Limits(values=1, wildcards=5, rules=100))
    with pytest.raises(TooManyConditions, match="needs 1 wildcards, but ELBv2 allows 0 per rule"):
        check_conditions(rule(header("b*")), Limits(values=5, wildcards=0, rules=100))


@pytest.mark.parametrize(("used", "new"), [(0, 1), (99, 1), (98, 2), (100, 0)])
def test_rules_up_to_the_quota_fit(used: int, new: int) -> None:
    check_room("beta", BALANCER, used, new, LIMITS)


@pytest.mark.parametrize(("used", "new"), [(100, 1), (99, 2), (250, 1)])
def test_rules_beyond_the_quota_are_refused(used: int, new: int) -> None:
    with pytest.raises(LoadBalancerFull) as caught:
        check_room("beta", BALANCER, used, new, LIMITS)
    assert caught.value.sentence == (
        f"There is no room for the header route 'beta': loadbalancer/app/petclinic/50dc has {used} rules, "
        f"the route needs {new} more, and the account's quota is 100. Remove rules, or raise the quota "
        "'Rules per Application Load Balancer'."
    )
    assert caught.value.metadata == {"route": "beta", "load_balancer": BALANCER}
