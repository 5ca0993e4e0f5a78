"""The rules of header routes, their tags and what limits them, through a real client to the emulator."""

from dataclasses import replace
from typing import Any

import pytest

from elbv2_trafficrouter.arn import Arn, load_balancer_of
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.errors.managed_routes import PriorityTaken
from elbv2_trafficrouter.errors.rules import RuleNotFound
from elbv2_trafficrouter.routing.ports import Elbv2
from elbv2_trafficrouter.routing.rule import Condition, HeaderRule, Limits, ListenerRule
from support.aws.ports import ports_on
from support.aws.rule_answers import answer_with
from support.emulator.in_process import InProcess
from support.router.caller import Caller
from support.router.clock import StandingClock
from support.router.petclinic import REGION, Petclinic, petclinic_of

TAGS = {"elbv2-trafficrouter/rollout": "was", "elbv2-trafficrouter/instance": ""}
PATH = Condition("path-pattern", frozenset({"/petclinic*"}))
ALICE = Condition("http-header", frozenset({"alice"}), name="X-User")
REWRITE = {
    "Type": "url-rewrite",
    "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/petclinic/(.*)$", "Replace": "/$1"}]},
}


@pytest.fixture
def aws() -> InProcess:
    return InProcess(StandingClock())


@pytest.fixture
def clinic(aws: InProcess) -> Petclinic:
    return petclinic_of(aws.of(REGION), priority=10)


@pytest.fixture
def elbv2(aws: InProcess) -> Elbv2:
    return ports_on(aws)


def wanted(clinic: Petclinic, **changes: Any) -> HeaderRule:
    rule = HeaderRule(
        "beta", Arn(clinic.rule), 9, frozenset({PATH, ALICE}), (), Arn(clinic.canary), (REWRITE,)
    )
    return replace(rule, **changes)


def read(aws: InProcess, clinic: Petclinic, arn: Arn) -> ListenerRule | None:
    return ports_on(aws).rules.read(frozenset({Arn(clinic.listener)}), 0, Caller()).rules.get(arn)


def test_a_rule_is_created_as_it_is_wanted_with_its_tags(
    aws: InProcess, clinic: Petclinic, elbv2: Elbv2
) -> None:
    made = elbv2.rules.create(wanted(clinic), TAGS, Caller())
    assert wanted(clinic).is_like(made)
    assert made.priority == 9
    assert made == read(aws, clinic, made.arn)
    assert clinic.tags(made.arn) == TAGS


def test_a_priority_that_was_taken_meanwhile_is_reported(clinic: Petclinic, elbv2: Elbv2) -> None:
    elbv2.rules.create(wanted(clinic), TAGS, Caller())
    with pytest.raises(PriorityTaken) as caught:
        elbv2.rules.create(wanted(clinic), TAGS, Caller())
    assert caught.value.sentence == (
        f"Another rule took priority 9 of {clinic.listener.split(':')[-1]} while the header route 'beta' was "
        "being created. This is retried automatically."
    )


def test_a_rule_is_given_everything_except_priority_and_tags(
    aws: InProcess, clinic: Petclinic, elbv2: Elbv2
) -> None:
    arn = elbv2.rules.create(wanted(clinic), TAGS, Caller()).arn
    other = wanted(clinic, priority=5, conditions=frozenset({ALICE}), group=Arn(clinic.stable), transforms=())
    changed = elbv2.rules.replace(arn, other, Caller())
    assert other.is_like(changed)
    assert changed.priority == 9
    assert changed == read(aws, clinic, arn)
    assert clinic.tags(arn) == TAGS


def test_a_rule_that_is_gone_is_not_changed(clinic: Petclinic, elbv2: Elbv2) -> None:
    arn = elbv2.rules.create(wanted(clinic), TAGS, Caller()).arn
    elbv2.rules.delete(arn, Caller())
    with pytest.raises(RuleNotFound):
        elbv2.rules.replace(arn, wanted(clinic), Caller())


def test_deleting_a_missing_rule_succeeds(aws: InProcess, clinic: Petclinic, elbv2: Elbv2) -> None:
    arn = elbv2.rules.create(wanted(clinic), TAGS, Caller()).arn
    elbv2.rules.delete(arn, Caller())
    assert read(aws, clinic, arn) is None
    elbv2.rules.delete(arn, Caller())


# Tags


def test_tags_are_asked_for_20_rules_at_a_time(aws: InProcess, clinic: Petclinic, elbv2: Elbv2) -> None:
    rules = [
        elbv2.rules.create(wanted(clinic, priority=number), {"number": str(number)}, Caller()).arn
        for number in range(100, 145)
    ]
    before = len(aws.calls)
    found = elbv2.tags.read(rules, Caller())
    assert found == {rule: {"number": str(number)} for number, rule in enumerate(rules, 100)}
    assert [call.action for call in aws.calls[before:]] == ["DescribeTags"] * 3


def test_no_request_is_sent_for_no_rules(aws: InProcess, elbv2: Elbv2) -> None:
    assert elbv2.tags.read([], Caller()) == {}
    assert aws.calls == ()


def test_one_rule_that_is_gone_does_not_hide_the_tags_of_the_others(clinic: Petclinic, elbv2: Elbv2) -> None:
    """One missing ARN fails the whole call."""
    first, gone, last = (
        elbv2.rules.create(wanted(clinic, priority=priority), TAGS, Caller()).arn for priority in (2, 3, 4)
    )
    elbv2.rules.delete(gone, Caller())
    assert elbv2.tags.read([first, gone, last], Caller()) == {first: TAGS, last: TAGS}


def resources(clinic: Petclinic) -> dict[str, Arn]:
    listener = Arn(clinic.listener)
    return {
        "rule": Arn(clinic.rule),
        "listener": listener,
        "load balancer": load_balancer_of(listener),
        "target group": Arn(clinic.stable),
    }


def test_any_resource_can_have_tags(aws: InProcess, clinic: Petclinic, elbv2: Elbv2) -> None:
    for kind, arn in resources(clinic).items():
        clinic.client.add_tags(ResourceArns=[arn], Tags=[{"Key": "kind", "Value": kind}])
    before = len(aws.calls)
    found = elbv2.tags.read(resources(clinic).values(), Caller())
    assert found == {arn: {"kind": kind} for kind, arn in resources(clinic).items()}
    assert [call.action for call in aws.calls[before:]] == ["DescribeTags"]


@pytest.mark.parametrize("kind", ["rule", "listener", "load balancer", "target group"])
def test_one_resource_that_does_not_exist_does_not_hide_the_tags_of_the_others(
    clinic: Petclinic, elbv2: Elbv2, kind: str
) -> None:
    absent = Arn(f"{resources(clinic)[kind][:-4]}dead")
    found = elbv2.tags.read([absent, *resources(clinic).values()], Caller())
    assert found == {arn: {} for arn in resources(clinic).values()}
    assert elbv2.tags.read([absent], Caller()) == {}


def test_each_region_is_asked_for_its_own_resources(aws: InProcess, clinic: Petclinic, elbv2: Elbv2) -> None:
    """A Rollout may have left rules in the region that it named before."""
    there = petclinic_of(aws.of("eu-west-2"))
    arns = [Arn(clinic.rule), Arn(there.rule), Arn(clinic.listener)]
    before = len(aws.calls)
    assert elbv2.tags.read(arns, Caller()) == {arn: {} for arn in arns}
    assert [call.action for call in aws.calls[before:]] == ["DescribeTags"] * 2


def test_a_rule_without_tags_has_none(clinic: Petclinic, elbv2: Elbv2) -> None:
    assert elbv2.tags.read([Arn(clinic.rule)], Caller()) == {clinic.rule: {}}


# Limits


def test_the_limits_are_the_accounts(clinic: Petclinic, elbv2: Elbv2) -> None:
    assert elbv2.limits.read(Arn(clinic.listener), Caller()) == Limits(values=5, wildcards=5, rules=100)


def limits(*members: tuple[str, int]) -> bytes:
    listed = "".join(f"<member><Name>{name}</Name><Max>{most}</Max></member>" for name, most in members)
    return (
        '<DescribeAccountLimitsResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">'
        f"<DescribeAccountLimitsResult><Limits>{listed}</Limits></DescribeAccountLimitsResult>"
        "</DescribeAccountLimitsResponse>"
    ).encode()


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            limits(("rules-per-application-load-balancer", 250), ("condition-values-per-alb-rule", 9)),
            Limits(values=9, wildcards=5, rules=250),
            id="raised",
        ),
        pytest.param(
            limits(("target-groups", 3000)), Limits(values=5, wildcards=5, rules=100), id="not returned"
        ),
    ],
)
def test_limits_that_aws_does_not_return_are_the_documented_defaults(answer: bytes, expected: Limits) -> None:
    clients = ClientsByRegion(connections=1)
    answer_with(clients.of(REGION), answer)
    listener = Arn(f"arn:aws:elasticloadbalancing:{REGION}:123456789012:listener/app/petclinic/50dc/9f2a")
    assert ports_on(clients).limits.read(listener, Caller()) == expected


def test_the_listeners_of_a_load_balancer_are_all_of_it(clinic: Petclinic, elbv2: Elbv2) -> None:
    other = clinic.listen(81)
    found = elbv2.listeners.read_beside(Arn(clinic.listener), Caller())
    assert found == {clinic.listener, other}
