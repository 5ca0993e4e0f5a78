"""Rules of header routes in ELBv2: CreateRule, ModifyRule, DeleteRule, and what has to be known for them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from elbv2_trafficrouter.arn import Arn, listener_of, load_balancer_of, region_of
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.conditions import conditions_to_send
from elbv2_trafficrouter.aws.described import header_actions_to_send, listener_rule
from elbv2_trafficrouter.aws.problems import FAILURES, creating_problem, reading_problem, writing_problem
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.routing.ports import Call
from elbv2_trafficrouter.routing.rule import HeaderRule, Limits, ListenerRule

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

_SERVICE = "elasticloadbalancing:"
_ARNS_OF_DESCRIBE_TAGS = 20
# With what AWS documents for an account that has no word of them.
_QUOTAS = {
    "values": ("condition-values-per-alb-rule", 5),
    "wildcards": ("condition-wildcards-per-alb-rule", 5),
    "rules": ("rules-per-application-load-balancer", 100),
}


class Elbv2HeaderRules:
    """As routing.ports.HeaderRules."""

    def __init__(self, clients: ClientsByRegion) -> None:
        self._clients = clients

    def tags(self, rules: Collection[Arn], call: Call) -> dict[Arn, dict[str, str]]:
        found: dict[Arn, dict[str, str]] = {}
        left = iter(sorted(rules))
        while arns := list(islice(left, _ARNS_OF_DESCRIBE_TAGS)):
            _check_that_somebody_waits(call)
            found |= self._tags(arns)
        return found

    def limits(self, listener: Arn) -> Limits:
        with _reading("DescribeAccountLimits", listener):
            pages = self._client(listener).get_paginator("describe_account_limits").paginate()
            limits = {limit["Name"]: int(limit["Max"]) for page in pages for limit in page["Limits"]}
            return Limits(**{member: limits.get(name, known) for member, (name, known) in _QUOTAS.items()})

    def listeners_beside(self, listener: Arn, call: Call) -> frozenset[Arn]:
        found: set[Arn] = set()
        with _reading("DescribeListeners", listener):
            pages = self._client(listener).get_paginator("describe_listeners")
            for page in pages.paginate(LoadBalancerArn=load_balancer_of(listener)):
                found |= {Arn(one["ListenerArn"]) for one in page["Listeners"]}
                _check_that_somebody_waits(call)
        return frozenset(found)

    def create(self, rule: HeaderRule, tags: Mapping[str, str]) -> ListenerRule:
        transforms: Any = {"Transforms": list(rule.transforms)} if rule.transforms else {}
        try:
            answer = self._client(rule.listener).create_rule(
                ListenerArn=rule.listener,
                Priority=rule.priority,
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                **_contents(rule),
                **transforms,
            )
            return _answered(answer)
        except FAILURES as error:
            raise creating_problem(error, f"{_SERVICE}CreateRule", rule) from error

    def change(self, arn: Arn, rule: HeaderRule) -> ListenerRule:
        transforms: Any = (
            {"Transforms": list(rule.transforms)} if rule.transforms else {"ResetTransforms": True}
        )
        try:
            return _answered(self._client(arn).modify_rule(RuleArn=arn, **_contents(rule), **transforms))
        except FAILURES as error:
            raise writing_problem(error, f"{_SERVICE}ModifyRule", arn, rule.group) from error

    def delete(self, rule: Arn) -> None:
        try:
            self._client(rule).delete_rule(RuleArn=rule)
        except FAILURES as error:
            if not _is(error, "RuleNotFound"):
                raise writing_problem(error, f"{_SERVICE}DeleteRule", rule) from error

    def _tags(self, arns: list[Arn]) -> dict[Arn, dict[str, str]]:
        """One that is gone fails the whole call: then each is asked for by itself."""
        with _reading("DescribeTags", listener_of(arns[0])):
            try:
                described = self._client(arns[0]).describe_tags(ResourceArns=arns)["TagDescriptions"]
            except ClientError as error:
                if not _is(error, "RuleNotFound"):
                    raise
                if len(arns) == 1:
                    return {}
            else:
                return {
                    Arn(one["ResourceArn"]): {tag["Key"]: tag.get("Value", "") for tag in one.get("Tags", ())}
                    for one in described
                }
        return {arn: tags for one in arns for arn, tags in self._tags([one]).items()}

    def _client(self, arn: Arn) -> "ElasticLoadBalancingv2Client":
        return self._clients.of(region_of(arn))


def _contents(rule: HeaderRule) -> Any:
    return {"Conditions": conditions_to_send(rule.conditions), "Actions": header_actions_to_send(rule)}


def _answered(answer: Mapping[str, Any]) -> ListenerRule:
    return listener_rule(answer["Rules"][0])


def _is(error: object, code: str) -> bool:
    return isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == code


def _check_that_somebody_waits(call: Call) -> None:
    if not call.client_is_there():
        raise ClientDisconnected
    if call.seconds_left() <= 0:
        raise DeadlineExceeded("AWS")


@contextmanager
def _reading(operation: str, listener: Arn) -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        raise reading_problem(error, f"{_SERVICE}{operation}", listener) from error
