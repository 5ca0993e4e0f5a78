"""RemoveManagedRoutes: what is deleted, and when it is known that there is nothing to delete."""

from dataclasses import replace

import pytest

from elbv2_trafficrouter.errors.aws import NotAllowed
from elbv2_trafficrouter.rollout.config import Config
from elbv2_trafficrouter.routing.headers import routes as header_routes
from elbv2_trafficrouter.routing.rule import Forward
from support.router.caller import Caller
from support.router.update import (
    BASE,
    BETA,
    INTERNAL,
    LISTENER,
    STABLE,
    WAS,
    WEB,
    Update,
    asking_for,
    rule_of_beta,
)


@pytest.fixture
def update() -> Update:
    return Update.on()


def test_all_routes_are_removed(update: Update) -> None:
    made = [update.set_header_route(route)[0].rule.arn for route in (BETA, INTERNAL)]
    assert sorted(update.remove_managed_routes()) == sorted(made)
    assert update.aws.rules == {BASE.arn: BASE}


def test_rules_of_an_earlier_process_are_found_by_their_tags(update: Update) -> None:
    rule = update.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert update.remove_managed_routes() == (rule.arn,)


@pytest.mark.parametrize("key", sorted(WAS.tags_of("beta")))
def test_rules_that_lack_one_of_the_tags_are_not_ours(update: Update, key: str) -> None:
    tags = {name: value for name, value in WAS.tags_of("beta").items() if name != key}
    update.aws.put(rule_of_beta(), tags)
    assert update.remove_managed_routes() == ()
    assert update.aws.count("DeleteRule") == 0


@pytest.mark.parametrize(
    ("protected", "removed"), [pytest.param(True, 0, id="protected"), pytest.param(False, 1, id="the harm")]
)
def test_a_forged_tag_deletes_nothing(
    update: Update, protected: bool, removed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All our tags on a rule of somebody else's."""
    if not protected:
        monkeypatch.setattr(
            header_routes, "is_shaped_like_ours", lambda rule, bases, _: rule.arn not in bases
        )
    update.aws.put(rule_of_beta(forwards=(Forward(WEB, 1),)), WAS.tags_of("beta"))
    assert len(update.remove_managed_routes()) == removed
    assert update.aws.count("DeleteRule") == removed


def test_a_forged_tag_on_the_base_deletes_nothing() -> None:
    """The base may look like a header rule: for a header, to one of the groups alone."""
    update = Update.on(rule_of_beta(arn=BASE.arn, forwards=(Forward(STABLE, 1),)))
    update.aws.tags_of[BASE.arn] = WAS.tags_of("beta")
    assert update.remove_managed_routes() == ()


def test_every_rule_is_tried_when_one_cannot_be_deleted(update: Update) -> None:
    update.set_header_route()
    update.set_header_route(INTERNAL)
    update.aws.refusals["DeleteRule"] = NotAllowed("elasticloadbalancing:DeleteRule", LISTENER, "no")
    with pytest.raises(NotAllowed):
        update.remove_managed_routes()
    assert update.aws.count("DeleteRule") == 2


# What is known to be none


def test_no_call_is_made_for_15_s_when_there_is_none(update: Update) -> None:
    update.runtime.seconds = 11
    update.remove_managed_routes()
    calls = len(update.aws.calls)
    update.runtime.seconds += 14
    assert update.remove_managed_routes() == ()
    assert len(update.aws.calls) == calls
    update.runtime.seconds += 2
    update.remove_managed_routes()
    assert update.aws.calls[calls:] == ["DescribeRules"]


def test_a_group_that_is_new_is_attached_though_there_is_none(update: Update) -> None:
    update.runtime.seconds = 11
    update.remove_managed_routes()
    intent = asking_for(0)
    groups = {**intent.config.target_groups, "was-experiment": WEB}
    config = Config(intent.config.rules, groups)
    update.router.remove_managed_routes(replace(intent, config=config), Caller())
    assert update.aws.rules[BASE.arn].forwards[-1] == Forward(WEB, 0)


def test_no_call_is_made_after_all_were_deleted(update: Update) -> None:
    update.runtime.seconds = 11
    update.set_header_route()
    update.remove_managed_routes()
    calls = len(update.aws.calls)
    assert update.remove_managed_routes() == ()
    assert len(update.aws.calls) == calls


def test_a_process_looks_each_time_in_its_first_10_s(update: Update) -> None:
    """What the process before it made may not be seen yet."""
    update.aws.lagging = dict(update.aws.rules)
    rule = update.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert update.remove_managed_routes() == ()
    update.runtime.seconds += 5
    update.aws.lagging = None
    assert update.remove_managed_routes() == (rule.arn,)


def test_the_knowledge_survives_no_restart(update: Update) -> None:
    update.runtime.seconds = 11
    update.remove_managed_routes()
    update.restart()
    update.remove_managed_routes()
    assert update.aws.count("DescribeRules") == 2
