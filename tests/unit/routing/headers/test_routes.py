"""SetHeaderRoute: what it creates and changes, whatever reads show, and what a removal does to it."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.errors.call import Superseded
from elbv2_trafficrouter.errors.managed_routes import HeaderRouteMissing
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute
from elbv2_trafficrouter.routing.rule import Condition, Limits
from elbv2_trafficrouter.routing.turns import Turn
from support.router.intents import LISTENER
from support.router.update import BASE, INTERNAL, PATH, WAS, Update, rule_of_beta

WRITES = ("CreateRule", "ModifyRule", "DeleteRule", "ModifyRule of weights")


@pytest.fixture
def update() -> Update:
    return Update.on()


# Creating and changing


def test_a_rule_is_created_above_its_base_with_its_tags(update: Update) -> None:
    (outcome,) = update.set_header_route()
    assert (outcome.route, outcome.changed) == ("beta", True)
    assert outcome.rule == update.header_rules["beta"]
    assert outcome.rule == rule_of_beta(arn=outcome.rule.arn)
    assert update.aws.tags_of == {outcome.rule.arn: WAS.tags_of("beta")}
    assert update.aws.count(*WRITES) == 1


@pytest.mark.parametrize("seconds", [0, 11, 3600])
def test_the_same_call_ten_times_creates_one_rule(update: Update, seconds: float) -> None:
    for _ in range(10):
        (outcome,) = update.set_header_route()
        update.runtime.seconds += seconds
    assert update.aws.count(*WRITES) == 1
    assert outcome.changed is False


def test_a_changed_match_changes_the_rule_in_place(update: Update) -> None:
    (created,) = update.set_header_route()
    (changed,) = update.set_header_route(HeaderRoute("beta", (HeaderMatch("X-User", prefix="bob"),)))
    bobs = Condition("http-header", frozenset({"bob*"}), name="X-User")
    assert update.header_rules == {
        "beta": rule_of_beta(arn=created.rule.arn, conditions=frozenset({PATH, bobs}))
    }
    assert (changed.rule, changed.changed) == (update.header_rules["beta"], True)
    assert update.aws.tags_of == {created.rule.arn: WAS.tags_of("beta")}
    assert [call for call in update.aws.calls if call in WRITES] == ["CreateRule", "ModifyRule"]


def test_a_route_without_matches_is_removed_and_no_other_route(update: Update) -> None:
    update.set_header_route()
    update.set_header_route(INTERNAL)
    assert update.set_header_route(HeaderRoute("beta")) == ()
    assert set(update.header_rules) == {"internal"}
    assert update.set_header_route(HeaderRoute("beta")) == ()
    assert update.aws.count("DeleteRule") == 1


def test_a_rule_that_is_separated_from_its_base_is_replaced(update: Update) -> None:
    """Somebody created a rule between the two, and ours takes requests from that rule, too."""
    update.aws.put(rule_of_beta(priority=3), WAS.tags_of("beta"))
    update.aws.put(rule_of_beta(arn=Arn(f"{BASE.arn}f"), priority=5, conditions=frozenset({PATH})), {})
    (outcome,) = update.set_header_route()
    assert (outcome.rule.priority, outcome.changed) == (8, True)
    assert [call for call in update.aws.calls if call in WRITES] == ["CreateRule", "DeleteRule"]
    assert update.header_rules == {"beta": outcome.rule}


def test_a_rule_that_somebody_deleted_is_created_by_the_call_after_next(update: Update) -> None:
    """For 10 s, this process assumes that a rule that it created exists."""
    (created,) = update.set_header_route()
    update.aws.remove(created.rule.arn)
    bob = HeaderRoute("beta", (HeaderMatch("X-User", exact="bob"),))
    with pytest.raises(HeaderRouteMissing):
        update.set_header_route(bob)
    (again,) = update.set_header_route(bob)
    assert update.header_rules == {"beta": again.rule}


def test_limits_are_checked_before_the_write(update: Update) -> None:
    update.aws.limit = Limits(values=5, wildcards=5, rules=1)
    with pytest.raises(Problem, match="has 1 rules, the route needs 1 more, and the account's quota is 1"):
        update.set_header_route()
    assert update.aws.count(*WRITES) == 0


def test_default_actions_do_not_count_towards_the_quota(update: Update) -> None:
    update.aws.put(replace(BASE, arn=LISTENER, priority=None), {})
    update.aws.limit = Limits(values=5, wildcards=5, rules=2)
    assert len(update.set_header_route()) == 1


def test_a_rule_that_needs_no_change_needs_no_quota(update: Update) -> None:
    update.set_header_route()
    update.aws.limit = Limits(values=0, wildcards=0, rules=0)
    update.set_header_route()
    assert update.aws.count("DescribeAccountLimits") == 1


# Reads that lag


def test_a_rule_that_reads_do_not_show_yet_is_not_created_a_second_time(update: Update) -> None:
    update.aws.lagging = dict(update.aws.rules)
    (created,) = update.set_header_route()
    update.runtime.seconds += 9
    (again,) = update.set_header_route()
    assert (again.rule, again.changed) == (created.rule, False)
    assert update.aws.count("CreateRule") == 1


def test_a_rule_that_reads_do_not_show_yet_is_deleted(update: Update) -> None:
    update.aws.lagging = dict(update.aws.rules)
    (created,) = update.set_header_route()
    assert update.remove_managed_routes() == (created.rule.arn,)
    assert update.header_rules == {}


def test_a_deleted_rule_that_reads_still_show_is_not_deleted_a_second_time(update: Update) -> None:
    update.set_header_route()
    update.aws.lagging = dict(update.aws.rules)
    update.remove_managed_routes()
    update.runtime.seconds += 20
    assert update.remove_managed_routes() == ()
    assert update.aws.count("DeleteRule") == 1


def test_a_deleted_rule_that_reads_still_show_is_created_again(update: Update) -> None:
    (first,) = update.set_header_route()
    update.aws.lagging = dict(update.aws.rules)
    update.remove_managed_routes()
    update.verify_weight()
    (second,) = update.set_header_route()
    assert second.rule.arn != first.rule.arn
    assert update.header_rules == {"beta": second.rule}


# Unanswered creates


@pytest.fixture
def apply_create(update: Update) -> Callable[[], object]:
    """A CreateRule was sent and not answered; this function applies it."""
    sent: list[Callable[[], object]] = []
    update.aws.unanswered_creates = sent
    with pytest.raises(OutcomeUnknown):
        update.set_header_route()
    update.aws.unanswered_creates = None
    return sent[0]


@pytest.mark.usefixtures("apply_create")
def test_a_removal_fails_while_an_unanswered_create_may_still_be_applied(update: Update) -> None:
    for _ in range(3):
        with pytest.raises(OutcomeUnknown) as caught:
            update.remove_managed_routes()
        update.runtime.seconds += 10
    assert caught.value.sentence == (
        "elasticloadbalancing:CreateRule on listener/app/petclinic/50dc/9f2a was sent, but AWS did not "
        "confirm it, so it may or may not have taken effect. The next call reads the rule and repairs it."
    )
    update.runtime.seconds += 1
    assert update.remove_managed_routes() == ()


def test_a_rule_that_was_created_late_is_found_and_deleted(
    update: Update, apply_create: Callable[[], object]
) -> None:
    with pytest.raises(OutcomeUnknown):
        update.remove_managed_routes()
    update.runtime.seconds += 20
    apply_create()
    (created,) = update.header_rules.values()
    assert update.remove_managed_routes() == (created.arn,)
    assert update.remove_managed_routes() == ()
    assert update.header_rules == {}


def test_a_rule_that_was_created_late_is_taken_for_the_routes_rule(
    update: Update, apply_create: Callable[[], object]
) -> None:
    apply_create()
    (outcome,) = update.set_header_route()
    assert (outcome.rule, outcome.changed) == (update.header_rules["beta"], False)
    assert update.aws.count("CreateRule") == 1


# Calls at the same time


@pytest.mark.parametrize(
    ("protected", "created"), [pytest.param(True, 0, id="protected"), pytest.param(False, 1, id="the harm")]
)
def test_a_route_that_a_removal_superseded_is_not_created(
    update: Update, protected: bool, created: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not protected:
        monkeypatch.setattr(Turn, "require_current", lambda *_: None)
    update.aws.during["DescribeRules"] = update.remove_managed_routes
    with (
        pytest.raises(Superseded, match="by a newer SetHeaderRoute or RemoveManagedRoutes")
        if protected
        else nullcontext()
    ):
        update.set_header_route()
    assert update.aws.count("CreateRule") == created
    assert len(update.header_rules) == created


# When no rule may exist


def test_after_the_end_of_an_update_no_call_to_aws_is_made(update: Update) -> None:
    assert update.set_header_route(may_exist=False) == ()
    assert update.aws.calls == []


def test_after_a_removal_nothing_is_created_until_the_reconcile_has_ended(update: Update) -> None:
    """During an update, the controller removes routes while the canary has no available pod."""
    update.remove_managed_routes()
    calls = list(update.aws.calls)
    assert update.set_header_route() == ()
    assert update.aws.calls == calls
    update.verify_weight()
    (outcome,) = update.set_header_route()
    assert outcome.changed
