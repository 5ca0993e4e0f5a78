"""Rules of header routes through a real client, answered by the emulator."""

from dataclasses import replace
from typing import Any

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.header_rules import Elbv2HeaderRules
from elbv2_trafficrouter.aws.rules import Elbv2Rules
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.errors.managed_routes import PriorityTaken
from elbv2_trafficrouter.errors.rules import RuleNotFound
from elbv2_trafficrouter.routing.rule import Condition, HeaderRule, Limits, ListenerRule
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
def header_rules(aws: InProcess) -> Elbv2HeaderRules:
    return Elbv2HeaderRules(aws)


def wanted(clinic: Petclinic, **changes: Any) -> HeaderRule:
    rule = HeaderRule(
        "beta", Arn(clinic.rule), 9, frozenset({PATH, ALICE}), (), Arn(clinic.canary), (REWRITE,)
    )
    return replace(rule, **changes)


def read(aws: InProcess, clinic: Petclinic, arn: Arn) -> ListenerRule | None:
    return Elbv2Rules(aws).read(frozenset({Arn(clinic.listener)}), Caller()).rules.get(arn)


def test_a_rule_is_made_as_it_shall_be_with_its_tags(
    aws: InProcess, clinic: Petclinic, header_rules: Elbv2HeaderRules
) -> None:
    made = header_rules.create(wanted(clinic), TAGS)
    assert wanted(clinic).is_like(made)
    assert made.priority == 9
    assert made == read(aws, clinic, made.arn)
    assert clinic.tags(made.arn) == TAGS


def test_a_priority_that_was_taken_meanwhile_is_told(
    clinic: Petclinic, header_rules: Elbv2HeaderRules
) -> None:
    header_rules.create(wanted(clinic), TAGS)
    with pytest.raises(PriorityTaken) as caught:
        header_rules.create(wanted(clinic), TAGS)
    assert caught.value.sentence == (
        f"Another rule took priority 9 of {clinic.listener.split(':')[-1]} while the header route 'beta' was "
        "being created. This is retried automatically."
    )


def test_a_rule_is_given_all_but_the_priority_and_the_tags(
    aws: InProcess, clinic: Petclinic, header_rules: Elbv2HeaderRules
) -> None:
    arn = header_rules.create(wanted(clinic), TAGS).arn
    other = wanted(clinic, priority=5, conditions=frozenset({ALICE}), group=Arn(clinic.stable), transforms=())
    changed = header_rules.change(arn, other)
    assert other.is_like(changed)
    assert changed.priority == 9
    assert changed == read(aws, clinic, arn)
    assert clinic.tags(arn) == TAGS


def test_a_rule_that_is_gone_is_not_changed(clinic: Petclinic, header_rules: Elbv2HeaderRules) -> None:
    arn = header_rules.create(wanted(clinic), TAGS).arn
    header_rules.delete(arn)
    with pytest.raises(RuleNotFound):
        header_rules.change(arn, wanted(clinic))


def test_a_rule_is_deleted_and_that_there_is_none_is_success(
    aws: InProcess, clinic: Petclinic, header_rules: Elbv2HeaderRules
) -> None:
    arn = header_rules.create(wanted(clinic), TAGS).arn
    header_rules.delete(arn)
    assert read(aws, clinic, arn) is None
    header_rules.delete(arn)


# Tags


def test_tags_are_asked_for_20_rules_at_a_time(
    aws: InProcess, clinic: Petclinic, header_rules: Elbv2HeaderRules
) -> None:
    rules = [
        header_rules.create(wanted(clinic, priority=number), {"number": str(number)}).arn
        for number in range(100, 145)
    ]
    before = len(aws.calls)
    found = header_rules.tags(rules, Caller())
    assert found == {rule: {"number": str(number)} for number, rule in enumerate(rules, 100)}
    assert [call.action for call in aws.calls[before:]] == ["DescribeTags"] * 3


def test_no_rules_are_not_asked_for(aws: InProcess, header_rules: Elbv2HeaderRules) -> None:
    assert header_rules.tags([], Caller()) == {}
    assert aws.calls == ()


def test_one_rule_that_is_gone_does_not_hide_the_tags_of_the_others(
    clinic: Petclinic, header_rules: Elbv2HeaderRules
) -> None:
    """One missing ARN fails the whole call."""
    first, gone, last = (
        header_rules.create(wanted(clinic, priority=priority), TAGS).arn for priority in (2, 3, 4)
    )
    header_rules.delete(gone)
    assert header_rules.tags([first, gone, last], Caller()) == {first: TAGS, last: TAGS}


def test_a_rule_without_tags_has_none(clinic: Petclinic, header_rules: Elbv2HeaderRules) -> None:
    assert header_rules.tags([Arn(clinic.rule)], Caller()) == {clinic.rule: {}}


@pytest.mark.parametrize(
    ("caller", "problem"),
    [(Caller(seconds=0), DeadlineExceeded), (Caller(present=False), ClientDisconnected)],
)
def test_tags_are_read_for_nobody_who_left(
    clinic: Petclinic, header_rules: Elbv2HeaderRules, caller: Caller, problem: type[Problem]
) -> None:
    with pytest.raises(problem):
        header_rules.tags([Arn(clinic.rule)], caller)


# Limits


def test_the_limits_are_the_accounts(clinic: Petclinic, header_rules: Elbv2HeaderRules) -> None:
    assert header_rules.limits(Arn(clinic.listener)) == Limits(values=5, wildcards=5, rules=100)


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
        pytest.param(limits(("target-groups", 3000)), Limits(values=5, wildcards=5, rules=100), id="untold"),
    ],
)
def test_limits_that_are_not_told_are_those_that_aws_documents(answer: bytes, expected: Limits) -> None:
    clients = ClientsByRegion(connections=1)
    answer_with(clients.of(REGION), answer)
    listener = Arn(f"arn:aws:elasticloadbalancing:{REGION}:123456789012:listener/app/petclinic/50dc/9f2a")
    assert Elbv2HeaderRules(clients).limits(listener) == expected


def test_the_listeners_of_a_load_balancer_are_all_of_it(
    clinic: Petclinic, header_rules: Elbv2HeaderRules
) -> None:
    other = clinic.listen(81)
    found = header_rules.listeners_beside(Arn(clinic.listener), Caller())
    assert found == {clinic.listener, other}
