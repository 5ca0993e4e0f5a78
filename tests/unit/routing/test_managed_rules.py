"""What each call does with a rule that the AWS Load Balancer Controller manages, and what the check costs."""

from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.aws import NotAllowed
from elbv2_trafficrouter.errors.rules import ManagedByController
from elbv2_trafficrouter.rollout.intent import HeaderRoute
from elbv2_trafficrouter.routing.access import Access
from elbv2_trafficrouter.routing.rule import Forward
from support.router.intents import ACCOUNT, STABLE
from support.router.update import BASE, BETA, INTERNAL, WAS, Update, rule_of_beta

BALANCER = Arn(f"{ACCOUNT}:loadbalancer/app/petclinic/50dc")
MANAGED = {"elbv2.k8s.aws/cluster": "lab"}
WRITES = ("ModifyRule of weights", "CreateRule", "ModifyRule", "DeleteRule")
CHECK = "DescribeTags for access"


@pytest.fixture
def update() -> Update:
    """In the middle of an update, a while after the start of the process."""
    update = Update.on(BASE)
    update.verify_weight()
    update.runtime.seconds = 100
    update.aws.calls.clear()
    return update


@pytest.fixture
def managed(update: Update) -> Update:
    update.aws.tags_of[BALANCER] = MANAGED
    return update


harm = pytest.mark.parametrize(
    "protected", [pytest.param(True, id="protected"), pytest.param(False, id="the harm")]
)


@pytest.fixture
def switched_off(protected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not protected:
        monkeypatch.setattr(Access, "require_steerable", lambda *_: None)


@harm
@pytest.mark.usefixtures("switched_off")
def test_weights_are_not_written(managed: Update, protected: bool) -> None:
    if protected:
        with pytest.raises(ManagedByController):
            managed.set_weight(50, wanted=())
    else:
        managed.set_weight(50, wanted=())
    assert managed.aws.count(*WRITES) == (0 if protected else 1)


@harm
@pytest.mark.parametrize("exists", [False, True], ids=["created", "changed"])
@pytest.mark.usefixtures("switched_off")
def test_the_rule_of_a_header_route_is_not_written(managed: Update, protected: bool, exists: bool) -> None:
    if exists:
        managed.aws.put(rule_of_beta(forwards=(Forward(STABLE, 1),)), WAS.tags_of("beta"))
    if protected:
        with pytest.raises(ManagedByController):
            managed.set_header_route()
    else:
        managed.set_header_route()
    assert managed.aws.count(*WRITES) == (0 if protected else 1)


@harm
@pytest.mark.usefixtures("switched_off")
def test_a_lost_rule_is_not_recreated_and_verification_says_why(managed: Update, protected: bool) -> None:
    """SetWeight itself succeeds: the weights are as requested."""
    assert len(managed.set_weight().header_rules) == (0 if protected else 1)
    assert managed.aws.count(*WRITES) == (0 if protected else 1)
    reason = managed.verify_weight()
    assert reason.startswith("The AWS Load Balancer Controller manages") if protected else reason == ""


@harm
@pytest.mark.usefixtures("switched_off")
def test_no_target_group_is_attached(managed: Update, protected: bool) -> None:
    managed.aws.put(replace(BASE, forwards=(Forward(STABLE, 1),)), {})
    if protected:
        with pytest.raises(ManagedByController):
            managed.remove_managed_routes()
    else:
        managed.remove_managed_routes()
    assert managed.aws.count(*WRITES) == (0 if protected else 1)


def test_the_rules_of_header_routes_are_still_removed(managed: Update) -> None:
    managed.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert managed.remove_managed_routes() == (rule_of_beta().arn,)
    assert managed.header_rules == {}
    assert managed.aws.count(CHECK) == 0


def test_the_rules_of_one_header_route_are_still_removed(managed: Update) -> None:
    managed.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert managed.set_header_route(HeaderRoute("beta")) == ()
    assert managed.header_rules == {}
    assert managed.aws.count(CHECK) == 0


def test_nothing_is_written_if_the_tags_cannot_be_read(update: Update) -> None:
    update.aws.refusals[CHECK] = NotAllowed("elasticloadbalancing:DescribeTags", "*", "no")
    with pytest.raises(NotAllowed):
        update.set_weight(50)
    with pytest.raises(NotAllowed):
        update.set_header_route()
    assert update.set_weight().header_rules == ()
    assert "denies elasticloadbalancing:DescribeTags" in update.verify_weight()
    assert update.aws.count(*WRITES) == 0


def test_all_writes_of_a_minute_cost_one_check(update: Update) -> None:
    for weight in (20, 30, 40):
        update.set_weight(weight, wanted=())
    update.set_header_route(BETA)
    update.set_header_route(INTERNAL)
    assert update.aws.count(*WRITES) == 5
    assert update.aws.count(CHECK) == 1


def test_calls_that_write_nothing_do_not_check(update: Update) -> None:
    update.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert [rule.changed for rule in update.set_weight().rules] == [False]
    assert [rule.changed for rule in update.set_header_route()] == [False]
    assert update.verify_weight() == ""
    assert update.verify_weight(50) != ""
    update.aws.remove(rule_of_beta().arn)
    assert update.remove_managed_routes() == ()
    assert update.aws.count(CHECK, *WRITES) == 0
