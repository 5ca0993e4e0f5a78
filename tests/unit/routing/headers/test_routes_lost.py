"""SetWeight creates missing header rules again; VerifyWeight reports those that could not be created."""

from dataclasses import replace
from typing import Any

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown
from elbv2_trafficrouter.errors.managed_routes import PriorityTaken, TooManyManagedRoutes
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute
from elbv2_trafficrouter.routing.headers import routes
from elbv2_trafficrouter.routing.rule import Condition, Forward, Limits, ListenerRule
from elbv2_trafficrouter.routing.turns import Turn
from support.router.ending_problems import ENDING_PROBLEMS
from support.router.intents import LISTENER, STABLE, WEB
from support.router.update import BASE, BETA, INTERNAL, PATH, WAS, Update, rule_of_beta
from support.threads import join, start

MISSING = (
    "The rule of the header route 'beta' is missing above listener-rule/app/petclinic/50dc/9f2a/ba5e. "
    "The next SetWeight recreates it."
)


@pytest.fixture
def update() -> Update:
    """Of a process that has seen a reconcile end, so it knows that the canary has pods."""
    update = Update.on()
    update.set_weight(wanted=())
    update.verify_weight()
    update.aws.calls.clear()
    return update


def delete_the_rule_of_beta(update: Update) -> None:
    """As another client of AWS does. For 10 s, this process assumes that a rule that it created exists."""
    update.runtime.seconds += 11
    update.aws.remove(update.header_rules["beta"].arn)


# Creating again


def test_a_missing_rule_is_created_again(update: Update) -> None:
    update.set_header_route()
    delete_the_rule_of_beta(update)
    (outcome,) = update.set_weight().header_rules
    assert (outcome.route, outcome.changed) == ("beta", True)
    assert update.header_rules == {"beta": outcome.rule}
    assert update.aws.tags_of[outcome.rule.arn] == WAS.tags_of("beta")
    assert update.verify_weight() == ""


def test_the_rules_of_all_steps_so_far_are_created_again(update: Update) -> None:
    outcomes = update.set_weight(wanted=(INTERNAL, BETA)).header_rules
    assert [outcome.route for outcome in outcomes] == ["internal", "beta"]
    priorities = {name: rule.priority for name, rule in update.header_rules.items()}
    assert priorities == {"beta": 8, "internal": 9}


def test_a_rule_that_exists_costs_no_call_besides_the_read(update: Update) -> None:
    update.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert update.set_weight().header_rules == ()
    assert update.aws.calls == ["DescribeRules"]


@pytest.mark.parametrize(
    "differing",
    [
        pytest.param(rule_of_beta(forwards=(Forward(STABLE, 1),)), id="another target group of ours"),
        pytest.param(
            rule_of_beta(
                conditions=frozenset({PATH, Condition("http-header", frozenset({"bob"}), name="X-User")})
            ),
            id="another header",
        ),
        pytest.param(rule_of_beta(transforms=({"Type": "url-rewrite"},)), id="a transform"),
    ],
)
def test_a_rule_of_the_route_that_differs_is_left_as_it_is(update: Update, differing: ListenerRule) -> None:
    """Only SetHeaderRoute changes rules; somebody may have changed this one for a reason."""
    update.aws.put(differing, WAS.tags_of("beta"))
    assert update.set_weight().header_rules == ()
    assert update.header_rules == {"beta": differing}
    assert update.verify_weight() == ""


def test_without_a_creation_no_rule_of_the_route_is_deleted(update: Update) -> None:
    """One of the route's rules differs from what is wanted, and the other one is below the base."""
    differs = rule_of_beta(
        conditions=frozenset({PATH, Condition("http-header", frozenset({"bob"}), name="X-User")})
    )
    below = rule_of_beta(arn=Arn(f"{BASE.arn}0"), priority=50)
    for rule in (differs, below):
        update.aws.put(rule, WAS.tags_of("beta"))
    assert update.set_weight().header_rules == ()
    assert set(update.aws.rules) == {BASE.arn, differs.arn, below.arn}


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"wanted": ()}, id="before its step"),
        pytest.param({"may_exist": False}, id="after the end"),
    ],
)
def test_a_rule_that_should_not_exist_is_not_created(update: Update, wanted: dict[str, Any]) -> None:
    assert update.set_weight(**wanted).header_rules == ()
    assert update.aws.calls == ["DescribeRules"]
    assert update.verify_weight(**wanted) == ""


def test_weights_are_not_written_to_header_rules(update: Update) -> None:
    update.set_header_route()
    (rule,) = update.header_rules.values()
    update.set_weight(50)
    assert update.aws.rules[BASE.arn].forwards == (Forward(STABLE, 50), replace(BASE.forwards[1], weight=50))
    assert update.header_rules == {"beta": rule}


# A canary without pods, and a process that has just started


def test_after_a_removal_nothing_is_created_until_the_reconcile_has_ended(update: Update) -> None:
    update.remove_managed_routes()
    assert update.set_weight().header_rules == ()
    assert update.aws.count("CreateRule") == 0
    assert update.verify_weight() == ""
    assert len(update.set_weight().header_rules) == 1


def test_a_new_process_creates_nothing_until_a_reconcile_has_ended(update: Update) -> None:
    """RemoveManagedRoutes may have been called just before the process started."""
    update.restart()
    assert update.set_weight().header_rules == ()
    assert update.aws.count("CreateRule") == 0
    assert update.verify_weight() == MISSING
    assert len(update.set_weight().header_rules) == 1
    assert update.verify_weight() == ""


def test_a_new_process_finds_the_rules_of_the_process_before_it(update: Update) -> None:
    update.set_header_route()
    update.restart()
    assert update.set_weight().header_rules == ()
    assert update.verify_weight() == ""
    assert update.aws.count("CreateRule") == 1


# Reads that lag


def test_a_rule_that_reads_do_not_show_yet_is_neither_created_again_nor_verified(update: Update) -> None:
    update.aws.lagging = dict(update.aws.rules)
    update.set_header_route()
    assert update.set_weight().header_rules == ()
    assert update.aws.count("CreateRule") == 1
    assert update.verify_weight() == MISSING
    update.aws.lagging = None
    update.set_weight()
    assert update.verify_weight() == ""


def test_a_rule_that_reads_do_not_show_after_10_s_is_created_again(update: Update) -> None:
    update.aws.lagging = dict(update.aws.rules)
    update.set_header_route()
    update.runtime.seconds += 11
    assert len(update.set_weight().header_rules) == 1


# Rules that cannot be created


@pytest.mark.parametrize(
    "problem",
    [
        NotAllowed("elasticloadbalancing:CreateRule", LISTENER, "no"),
        PriorityTaken("beta", LISTENER, 8),
        OutcomeUnknown("elasticloadbalancing:CreateRule", LISTENER, "read timed out"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_weights_are_written_when_a_rule_cannot_be_created(update: Update, problem: Problem) -> None:
    update.aws.refusals["CreateRule"] = problem
    outcome = update.set_weight(50)
    assert (outcome.rules[0].changed, outcome.header_rules) == (True, ())
    assert update.verify_weight(50) == problem.sentence
    del update.aws.refusals["CreateRule"]
    assert len(update.set_weight(50).header_rules) == 1
    assert update.verify_weight(50) == ""


def test_a_route_without_a_free_priority_does_not_affect_the_others(update: Update) -> None:
    """Another rule above the base leaves one priority free."""
    update.aws.put(rule_of_beta(priority=8, forwards=(Forward(WEB, 1),)), {})
    (outcome,) = update.set_weight(wanted=(BETA, INTERNAL)).header_rules
    assert (outcome.route, outcome.rule.priority) == ("beta", 9)
    assert update.verify_weight(wanted=(BETA, INTERNAL)) == (
        "There is no free priority for the header route 'internal' directly above "
        "listener-rule/app/petclinic/50dc/9f2a/ba5e, which has priority 10: the rule above it has priority "
        "8. Change the priorities of the rules (SetRulePriorities) so that 2 are free directly above it."
    )


# Many routes: other calls wait for the listener meanwhile


def routes_for(users: int) -> tuple[HeaderRoute, ...]:
    return tuple(
        HeaderRoute(f"user-{user}", (HeaderMatch("X-User", exact=str(user)),)) for user in range(users)
    )


MANY = routes_for(98)  # with beta and internal, managedRoutes has 100
READS = (
    "DescribeTags",
    "DescribeTags for access",
    "DescribeAccountLimits",
    "DescribeListeners",
    "DescribeRules",
)


@pytest.mark.parametrize(
    ("protected", "creates"), [pytest.param(True, 1, id="protected"), pytest.param(False, 98, id="the harm")]
)
@pytest.mark.parametrize("problem", ENDING_PROBLEMS, ids=lambda problem: type(problem).__name__)
def test_after_some_failures_no_further_rule_is_created(
    update: Update, problem: Problem, protected: bool, creates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not protected:
        monkeypatch.setattr(routes, "ends_the_call", lambda _: False)
    update.aws.refusals["CreateRule"] = problem
    assert update.set_weight(50, wanted=MANY).rules[0].changed
    assert update.aws.count("CreateRule") == creates
    assert update.verify_weight(50) == problem.sentence


@pytest.mark.parametrize("refused", [None, *READS[:4]])
def test_everything_is_read_once_for_all_routes(update: Update, refused: str | None) -> None:
    """DescribeRules reads this listener first, and then the load balancer's other listeners."""
    if refused:
        update.aws.refusals[refused] = NotAllowed(f"elasticloadbalancing:{refused}", LISTENER, "no")
    update.aws.put(rule_of_beta(), {})
    update.set_weight(wanted=MANY)
    most = {**dict.fromkeys(READS, 1), "DescribeRules": 2}
    assert all(update.aws.count(read) <= most[read] for read in READS)
    assert update.aws.count("CreateRule") == (0 if refused else 1)  # 8 is taken, so only 9 is free


def test_a_full_load_balancer_is_not_asked_again_for_each_route(update: Update) -> None:
    update.aws.limit = Limits(values=5, wildcards=5, rules=1)
    assert update.set_weight(wanted=MANY).header_rules == ()
    assert update.aws.calls == [
        "DescribeRules",
        "DescribeTags for access",
        "DescribeAccountLimits",
        "DescribeListeners",
        "DescribeRules",
    ]


TOO_MANY = (
    "The Rollout's trafficRouting.managedRoutes lists 101 routes. Each one needs its own listener "
    "rule, but the account's quota is 100 rules per load balancer. Remove routes from the list, or raise the "
    "quota 'Rules per Application Load Balancer'."
)


def test_more_routes_than_a_load_balancer_takes_rules_cost_one_read(update: Update) -> None:
    assert update.set_weight(wanted=routes_for(99)).header_rules == ()
    assert update.aws.calls == ["DescribeRules", "DescribeAccountLimits"]
    assert update.verify_weight(wanted=routes_for(99)) == TOO_MANY
    with pytest.raises(TooManyManagedRoutes, match="lists 101 routes"):
        update.set_header_route(wanted=routes_for(99))
    assert update.set_header_route(HeaderRoute("beta"), wanted=routes_for(99)) == ()


def test_an_account_with_a_higher_quota_may_have_more_routes() -> None:
    update = Update.on(replace(BASE, priority=500))
    update.verify_weight()
    update.aws.limit = Limits(values=5, wildcards=5, rules=200)
    assert len(update.set_weight(wanted=routes_for(99)).header_rules) == 99
    assert update.verify_weight(wanted=routes_for(99)) == ""


def test_at_the_maximum_a_missing_rule_does_not_prevent_verification(update: Update) -> None:
    """All requests go to the canary anyway, and the controller would wait for the rule indefinitely."""
    update.aws.refusals["CreateRule"] = NotAllowed("elasticloadbalancing:CreateRule", LISTENER, "no")
    update.set_weight(100)
    assert update.verify_weight(100) == ""


@pytest.mark.parametrize("action", ["DescribeRules", "DescribeAccountLimits"])
def test_a_removal_that_ends_before_a_set_weight_has_the_lock_stops_it_from_creating_a_rule(
    update: Update, action: str
) -> None:
    update.aws.during[action] = update.remove_managed_routes
    assert update.set_weight().header_rules == ()
    assert update.aws.count("CreateRule") == 0


@pytest.mark.parametrize(
    ("protected", "created"), [pytest.param(True, 1, id="protected"), pytest.param(False, 2, id="the harm")]
)
def test_a_removal_stops_a_set_weight_from_creating_further_rules(
    update: Update, protected: bool, created: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The removal arrives during the first CreateRule and waits until SetWeight releases the listener."""
    if not protected:
        monkeypatch.setattr(Turn, "require_current", lambda *_: None)
    removals = []

    def removal_arrives() -> None:
        removals.append(start(update.remove_managed_routes))
        update.runtime.wait_until_waiting(1)

    update.aws.during["CreateRule"] = removal_arrives
    assert len(update.set_weight(wanted=(BETA, INTERNAL)).header_rules) == created
    join(*removals)
    assert update.aws.count("CreateRule") == created
    assert update.header_rules == {}


def test_a_rule_of_another_listener_does_not_count(update: Update) -> None:
    there = Arn(rule_of_beta().arn.replace("9f2a", "9f2b"))
    update.aws.put(rule_of_beta(arn=there), WAS.tags_of("beta"))
    assert len(update.set_weight().header_rules) == 1
