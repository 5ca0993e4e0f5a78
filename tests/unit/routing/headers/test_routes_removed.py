"""RemoveManagedRoutes: what is deleted, and when it is known that there is nothing to delete."""

from dataclasses import replace

import pytest

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed
from elbv2_trafficrouter.rollout.config import Config
from elbv2_trafficrouter.routing.headers import routes as header_routes
from elbv2_trafficrouter.routing.rule import Forward
from support.router.caller import Caller
from support.router.ending_problems import ENDING_PROBLEMS
from support.router.header_route_story import (
    BASE,
    BETA,
    INTERNAL,
    LISTENER,
    STABLE,
    WAS,
    WEB,
    Story,
    asking_for,
    rule_of_beta,
)


@pytest.fixture
def story() -> Story:
    return Story.of()


def test_all_routes_are_removed(story: Story) -> None:
    made = [story.set_header_route(route)[0].rule.arn for route in (BETA, INTERNAL)]
    assert sorted(story.remove_managed_routes()) == sorted(made)
    assert story.aws.rules == {BASE.arn: BASE}


def test_rules_of_an_earlier_process_are_found_by_their_tags(story: Story) -> None:
    rule = story.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert story.remove_managed_routes() == (rule.arn,)


@pytest.mark.parametrize("key", sorted(WAS.tags_of("beta")))
def test_rules_that_lack_one_of_the_tags_are_not_ours(story: Story, key: str) -> None:
    tags = {name: value for name, value in WAS.tags_of("beta").items() if name != key}
    story.aws.put(rule_of_beta(), tags)
    assert story.remove_managed_routes() == ()
    assert story.aws.count("DeleteRule") == 0


@pytest.mark.parametrize(
    ("protected", "removed"), [pytest.param(True, 0, id="protected"), pytest.param(False, 1, id="the harm")]
)
def test_a_forged_tag_deletes_nothing(
    story: Story, protected: bool, removed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All our tags on a rule of somebody else's."""
    if not protected:
        monkeypatch.setattr(
            header_routes, "is_shaped_like_ours", lambda rule, bases, _: rule.arn not in bases
        )
    story.aws.put(rule_of_beta(forwards=(Forward(WEB, 1),)), WAS.tags_of("beta"))
    assert len(story.remove_managed_routes()) == removed
    assert story.aws.count("DeleteRule") == removed


def test_a_forged_tag_on_the_base_deletes_nothing() -> None:
    """The base may look like a header rule: for a header, to one of the groups alone."""
    story = Story.of(rule_of_beta(arn=BASE.arn, forwards=(Forward(STABLE, 1),)))
    story.aws.tags_of[BASE.arn] = WAS.tags_of("beta")
    assert story.remove_managed_routes() == ()


def test_every_rule_is_tried_when_one_cannot_be_deleted(story: Story) -> None:
    story.set_header_route()
    story.set_header_route(INTERNAL)
    story.aws.refusals["DeleteRule"] = NotAllowed("elasticloadbalancing:DeleteRule", LISTENER, "no")
    with pytest.raises(NotAllowed):
        story.remove_managed_routes()
    assert story.aws.count("DeleteRule") == 2


@pytest.mark.parametrize("problem", ENDING_PROBLEMS, ids=lambda problem: type(problem).__name__)
def test_after_some_failures_no_further_rule_is_deleted(story: Story, problem: Problem) -> None:
    story.set_header_route()
    story.set_header_route(INTERNAL)
    story.aws.refusals["DeleteRule"] = problem
    with pytest.raises(type(problem)):
        story.remove_managed_routes()
    assert story.aws.count("DeleteRule") == 1


# What is known to be none


def test_no_call_is_made_for_15_s_when_there_is_none(story: Story) -> None:
    story.runtime.seconds = 11
    story.remove_managed_routes()
    calls = len(story.aws.calls)
    story.runtime.seconds += 14
    assert story.remove_managed_routes() == ()
    assert len(story.aws.calls) == calls
    story.runtime.seconds += 2
    story.remove_managed_routes()
    assert story.aws.calls[calls:] == ["DescribeRules"]


def test_a_group_that_is_new_is_attached_though_there_is_none(story: Story) -> None:
    story.runtime.seconds = 11
    story.remove_managed_routes()
    intent = asking_for(0)
    groups = {**intent.config.target_groups, "was-experiment": WEB}
    config = Config(intent.config.rules, groups)
    story.router.remove_managed_routes(replace(intent, config=config), Caller())
    assert story.aws.rules[BASE.arn].forwards[-1] == Forward(WEB, 0)


def test_no_call_is_made_after_all_were_deleted(story: Story) -> None:
    story.runtime.seconds = 11
    story.set_header_route()
    story.remove_managed_routes()
    calls = len(story.aws.calls)
    assert story.remove_managed_routes() == ()
    assert len(story.aws.calls) == calls


def test_a_process_looks_each_time_in_its_first_10_s(story: Story) -> None:
    """What the process before it made may not be seen yet."""
    story.aws.lagging = dict(story.aws.rules)
    rule = story.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert story.remove_managed_routes() == ()
    story.runtime.seconds += 5
    story.aws.lagging = None
    assert story.remove_managed_routes() == (rule.arn,)


def test_the_knowledge_survives_no_restart(story: Story) -> None:
    story.runtime.seconds = 11
    story.remove_managed_routes()
    story.restart()
    story.remove_managed_routes()
    assert story.aws.count("DescribeRules") == 2
