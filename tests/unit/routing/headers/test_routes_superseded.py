"""A removal that a newer call supersedes deletes nothing more."""

import pytest

from elbv2_trafficrouter.errors.call import Superseded
from support.router.update import Update


def test_a_removal_that_a_newer_call_superseded_deletes_nothing() -> None:
    """The newer call begins after the older one has read the rules, and before its DeleteRule."""
    update = Update.on()
    (created,) = update.set_header_route()

    def newer_call_begins() -> None:
        assert update.set_header_route() == (), "during a removal the canary has no pods"

    update.aws.during["DescribeRules"] = newer_call_begins
    with pytest.raises(Superseded, match="by a newer SetHeaderRoute or RemoveManagedRoutes"):
        update.remove_managed_routes()
    assert update.header_rules == {"beta": created.rule}
    update.runtime.seconds += 3
    assert update.remove_managed_routes() == (created.rule.arn,)
