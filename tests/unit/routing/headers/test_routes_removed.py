"""RemoveManagedRoutes: what it deletes, and when the process knows that there is nothing to delete."""

import pytest

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed
from elbv2_trafficrouter.routing.headers import routes as header_routes
from elbv2_trafficrouter.routing.rule import Forward
from support.router.caller import Caller
from support.router.ending_problems import ENDING_PROBLEMS
from support.router.intents import LISTENER, STABLE, WEB, asking_for, configuration
from support.router.update import BASE, BETA, INTERNAL, WAS, Update, rule_of_beta


@pytest.fixture
def update() -> Update:
    return Update.on()


def test_the_rules_of_all_routes_are_deleted(update: Update) -> None:
    created = [update.set_header_route(route)[0].rule.arn for route in (BETA, INTERNAL)]
    assert sorted(update.remove_managed_routes()) == sorted(created)
    assert update.aws.rules == {BASE.arn: BASE}


def test_rules_of_an_earlier_process_are_found_by_their_tags(update: Update) -> None:
    rule = update.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert update.remove_managed_routes() == (rule.arn,)


@pytest.mark.parametrize("key", sorted(WAS.tags_of("beta")))
def test_a_rule_that_lacks_one_of_the_tags_is_not_deleted(update: Update, key: str) -> None:
    tags = {name: value for name, value in WAS.tags_of("beta").items() if name != key}
    update.aws.put(rule_of_beta(), tags)
    assert update.remove_managed_routes() == ()
    assert update.aws.count("DeleteRule") == 0


@pytest.mark.parametrize(
    ("protected", "removed"), [pytest.param(True, 0, id="protected"), pytest.param(False, 1, id="the harm")]
)
def test_a_rule_with_forged_tags_is_not_deleted(
    update: Update, protected: bool, removed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's rule has all the tags of this Rollout."""
    if not protected:
        monkeypatch.setattr(
            header_routes, "is_shaped_like_ours", lambda rule, bases, _: rule.arn not in bases
        )
    update.aws.put(rule_of_beta(forwards=(Forward(WEB, 1),)), WAS.tags_of("beta"))
    assert len(update.remove_managed_routes()) == removed
    assert update.aws.count("DeleteRule") == removed


def test_a_base_with_forged_tags_is_not_deleted() -> None:
    """It looks like a header rule: it matches a header and forwards to one of the Rollout's groups."""
    update = Update.on(rule_of_beta(arn=BASE.arn, forwards=(Forward(STABLE, 1),)))
    update.aws.tags_of[BASE.arn] = WAS.tags_of("beta")
    assert update.remove_managed_routes() == ()


def test_a_rule_that_cannot_be_deleted_does_not_keep_others_from_being_tried(update: Update) -> None:
    update.set_header_route()
    update.set_header_route(INTERNAL)
    update.aws.refusals["DeleteRule"] = NotAllowed("elasticloadbalancing:DeleteRule", LISTENER, "no")
    with pytest.raises(NotAllowed):
        update.remove_managed_routes()
    assert update.aws.count("DeleteRule") == 2


@pytest.mark.parametrize("problem", ENDING_PROBLEMS, ids=lambda problem: type(problem).__name__)
def test_after_some_failures_no_further_rule_is_deleted(update: Update, problem: Problem) -> None:
    update.set_header_route()
    update.set_header_route(INTERNAL)
    update.aws.refusals["DeleteRule"] = problem
    with pytest.raises(type(problem)):
        update.remove_managed_routes()
    assert update.aws.count("DeleteRule") == 1


def test_of_several_failures_the_first_one_is_raised(update: Update, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry then has the same message, whatever becomes of the rules after the first one."""
    update.set_header_route()
    update.set_header_route(INTERNAL)
    first, *later = (NotAllowed("elasticloadbalancing:DeleteRule", arn, "no") for arn in update.aws.rules)
    left = [first, *later]

    def refuse(*_: object) -> None:
        raise left.pop(0)

    monkeypatch.setattr(update.aws, "delete", refuse)
    with pytest.raises(NotAllowed) as caught:
        update.remove_managed_routes()
    assert caught.value is first
    assert len(left) == len(later) - 1


# When it is known that there are no rules


def test_a_removal_that_found_no_rule_makes_calls_unnecessary_for_15_s(update: Update) -> None:
    update.runtime.seconds = 11
    update.remove_managed_routes()
    calls = len(update.aws.calls)
    update.runtime.seconds += 14
    assert update.remove_managed_routes() == ()
    assert len(update.aws.calls) == calls
    update.runtime.seconds += 2
    update.remove_managed_routes()
    assert update.aws.calls[calls:] == ["DescribeRules"]


def test_a_new_target_group_is_attached_even_if_there_are_no_rules(update: Update) -> None:
    update.runtime.seconds = 11
    update.remove_managed_routes()
    with_experiment = configuration(groups={"was-experiment": WEB})
    update.router.remove_managed_routes(asking_for(0, config=with_experiment), Caller())
    assert update.aws.rules[BASE.arn].forwards[-1] == Forward(WEB, 0)


def test_no_call_is_made_once_all_rules_are_deleted(update: Update) -> None:
    update.runtime.seconds = 11
    update.set_header_route()
    update.remove_managed_routes()
    calls = len(update.aws.calls)
    assert update.remove_managed_routes() == ()
    assert len(update.aws.calls) == calls


def test_in_its_first_10_s_a_process_reads_each_time(update: Update) -> None:
    """Reads may not show yet what the process before it created."""
    update.aws.lagging = dict(update.aws.rules)
    rule = update.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert update.remove_managed_routes() == ()
    update.runtime.seconds += 5
    update.aws.lagging = None
    assert update.remove_managed_routes() == (rule.arn,)


def test_a_new_process_reads_the_rules_once(update: Update) -> None:
    update.runtime.seconds = 11
    update.remove_managed_routes()
    update.restart()
    update.remove_managed_routes()
    assert update.aws.count("DescribeRules") == 2
