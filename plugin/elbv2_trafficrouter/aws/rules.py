"""Listener rules in ELBv2: DescribeRules and ModifyRule, of a default action ModifyListener."""

from collections.abc import Iterator
from typing import Any

from elbv2_trafficrouter.arn import Arn, listener_of, region_of
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.described import actions_to_send, default_action, listener_rule
from elbv2_trafficrouter.aws.problems import FAILURES, reading_problem, writing_problem
from elbv2_trafficrouter.aws.raw_answer import UNMODELLED
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.routing.ports import Call
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot
from elbv2_trafficrouter.routing.weights.plan import Change

_DESCRIBE, _MODIFY = "elasticloadbalancing:DescribeRules", "elasticloadbalancing:ModifyRule"
_MODIFY_LISTENER = "elasticloadbalancing:ModifyListener"


class Elbv2Rules:
    """ELBv2's listener rules, as routing.ports.Rules."""

    def __init__(self, clients: ClientsByRegion) -> None:
        self._clients = clients

    def read(self, listeners: frozenset[Arn], call: Call) -> Snapshot:
        return Snapshot(
            {rule.arn: rule for listener in sorted(listeners) for rule in self._rules_of(listener, call)}
        )

    def write(self, change: Change) -> ListenerRule:
        actions: Any = actions_to_send(change.after)
        arn = change.after.arn
        is_default = listener_of(arn) == arn
        try:
            client = self._clients.of(region_of(arn))
            if is_default:
                answer: Any = client.modify_listener(ListenerArn=arn, DefaultActions=actions)
                return default_action(answer["Listeners"][0])
            answer = client.modify_rule(RuleArn=arn, Actions=actions)
            return listener_rule(answer["Rules"][0])
        except FAILURES as error:
            action = _MODIFY_LISTENER if is_default else _MODIFY
            groups = [forward.group for forward in change.after.forwards]
            raise writing_problem(error, action, arn, *groups) from error

    def _rules_of(self, listener: Arn, call: Call) -> Iterator[ListenerRule]:
        try:
            client = self._clients.of(region_of(listener))
            page: Any
            for page in client.get_paginator("describe_rules").paginate(ListenerArn=listener):
                unmodelled = page[UNMODELLED]
                for rule in page["Rules"]:
                    yield listener_rule(rule, unmodelled.get(rule["RuleArn"], ()))
                if not call.client_is_there():
                    raise ClientDisconnected
                if call.seconds_left() <= 0:
                    raise DeadlineExceeded("AWS")
        except FAILURES as error:
            raise reading_problem(error, _DESCRIBE, listener) from error
