"""Listener rules in ELBv2: DescribeRules, ModifyRule, CreateRule, DeleteRule; ModifyListener."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from elbv2_trafficrouter.arn import Arn, listener_of, location_of
from elbv2_trafficrouter.aws.api import Api, Request, reading, writing
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.elbv2.conditions import conditions_to_send
from elbv2_trafficrouter.aws.elbv2.described import (
    actions_to_send,
    default_action,
    header_actions_to_send,
    listener_rule,
)
from elbv2_trafficrouter.aws.elbv2.raw_answer import UNMODELLED
from elbv2_trafficrouter.aws.problems import Failure, header_rule_problem
from elbv2_trafficrouter.aws.response import Response, member, only, text_member
from elbv2_trafficrouter.aws.shared_read import SharedRead
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.rules import RuleNotFound
from elbv2_trafficrouter.routing.ports import Call, Runtime
from elbv2_trafficrouter.routing.rule import HeaderRule, ListenerRule, Snapshot


class Elbv2Rules:
    """Implements routing.ports.Rules."""

    def __init__(self, api: Api, budget: Budget, runtime: Runtime) -> None:
        self._api = api
        self._budget = budget
        self._reads = SharedRead(self._read, budget, runtime)

    def read(self, listeners: frozenset[Arn], since: float, call: Call) -> Snapshot:
        readings = self._reads.of(listeners, since, call)
        rules = {rule.arn: rule for reading in readings.values() for rule in reading.value}
        return Snapshot(rules, {listener: reading.began for listener, reading in readings.items()})

    @contextmanager
    def reserved_writes(self, rules: Collection[Arn], call: Call) -> Iterator[Call]:
        numbers = Counter(map(location_of, rules))
        with ExitStack() as paid:
            for arn in sorted({location_of(rule): rule for rule in rules}.values()):
                number = numbers[location_of(arn)]
                call = paid.enter_context(self._budget.paid(arn, Kind.MODIFY, call, number))
            yield call

    def _read(self, listener: Arn, call: Call) -> list[ListenerRule]:
        request = reading("DescribeRules", listener, ListenerArn=listener)
        return [rule for page in self._api.send_for_pages(request, call, _rules_of_page) for rule in page]

    def write(self, rule: ListenerRule, call: Call) -> ListenerRule:
        arn, actions = rule.arn, actions_to_send(rule)
        groups = [forward.group for forward in rule.forwards]
        if listener_of(arn) == arn:
            request = writing("ModifyListener", arn, *groups, ListenerArn=arn, DefaultActions=actions)
            return self._api.send(request, call, _modified_default_action)
        request = writing("ModifyRule", arn, *groups, RuleArn=arn, Actions=actions)
        return self._api.send(request, call, _written_rule)

    def create(self, rule: HeaderRule, tags: Mapping[str, str], call: Call) -> ListenerRule:
        parameters = {
            "ListenerArn": rule.listener,
            "Priority": rule.priority,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            **_content(rule),
            # ELBv2 rejects an empty list.
            **({"Transforms": list(rule.transforms)} if rule.transforms else {}),
        }

        return self._api.send(
            _header_rule_request("CreateRule", rule.listener, rule, parameters), call, _written_rule
        )

    def replace(self, arn: Arn, rule: HeaderRule, call: Call) -> ListenerRule:
        transforms: dict[str, Any] = (
            {"Transforms": list(rule.transforms)} if rule.transforms else {"ResetTransforms": True}
        )
        parameters = {"RuleArn": arn, **_content(rule), **transforms}
        return self._api.send(_header_rule_request("ModifyRule", arn, rule, parameters), call, _written_rule)

    def delete(self, arn: Arn, call: Call) -> None:
        try:
            self._api.send(writing("DeleteRule", arn, RuleArn=arn), call, parse=lambda _: None)
        except RuleNotFound:
            return


def _rules_of_page(page: Response) -> list[ListenerRule]:
    unmodelled = member(page, UNMODELLED)
    return [
        listener_rule(rule, unmodelled.get(text_member(rule, "RuleArn"), ()))
        for rule in member(page, "Rules")
    ]


def _written_rule(response: Response) -> ListenerRule:
    return listener_rule(only(member(response, "Rules")))


def _modified_default_action(response: Response) -> ListenerRule:
    return default_action(only(member(response, "Listeners")))


def _header_rule_request(
    operation: str, arn: Arn, rule: HeaderRule, parameters: Mapping[str, Any]
) -> Request:
    def problem(failure: Failure, action: str) -> Problem:
        return header_rule_problem(failure, action, arn, rule)

    return Request(operation, arn, parameters, problem)


def _content(rule: HeaderRule) -> dict[str, Any]:
    return {"Conditions": conditions_to_send(rule.conditions), "Actions": header_actions_to_send(rule)}
