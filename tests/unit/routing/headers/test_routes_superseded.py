"""A removal that a newer call supersedes deletes nothing more."""

import pytest

from elbv2_trafficrouter.errors.call import Superseded
from elbv2_trafficrouter.rollout.intent import HeaderRoute
from support.router.update import Update
from support.threads import join, start


@pytest.fixture
def update() -> Update:
    return Update.on()


def test_a_removal_that_a_newer_one_superseded_deletes_nothing(update: Update) -> None:
    """The newer call arrives after the older one has read the rules, and before its first DeleteRule."""
    update.set_header_route()
    newer = []

    def newer_arrives() -> None:
        newer.append(start(update.remove_managed_routes))
        update.runtime.wait_until_waiting(1)

    update.aws.during["DescribeRules"] = newer_arrives
    with pytest.raises(Superseded, match="by a newer SetHeaderRoute or RemoveManagedRoutes"):
        update.remove_managed_routes()
    join(*newer)
    assert update.aws.count("DeleteRule") == 1
    assert update.header_rules == {}


def test_a_route_without_matches_that_a_removal_superseded_deletes_nothing(update: Update) -> None:
    (created,) = update.set_header_route()
    removals = []

    def removal_arrives() -> None:
        removals.append(start(update.remove_managed_routes))
        update.runtime.wait_until_waiting(1)

    update.aws.during["DescribeRules"] = removal_arrives
    with pytest.raises(Superseded):
        update.set_header_route(HeaderRoute(created.route, ()))
    join(*removals)
    assert update.aws.count("DeleteRule") == 1
    assert update.header_rules == {}
