"""Quotas of an account and region in ELBv2: DescribeAccountLimits."""

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.api import Api, reading
from elbv2_trafficrouter.aws.response import MalformedResponse, Response, member, text_member
from elbv2_trafficrouter.routing.ports import Call
from elbv2_trafficrouter.routing.rule import DEFAULT_RULES_PER_LOAD_BALANCER, Limits

# The name of each quota, and AWS's documented default, which applies if AWS does not return the quota.
_QUOTAS = {
    "values": ("condition-values-per-alb-rule", 5),
    "wildcards": ("condition-wildcards-per-alb-rule", 5),
    "rules": ("rules-per-application-load-balancer", DEFAULT_RULES_PER_LOAD_BALANCER),
}


class Elbv2AccountLimits:
    """Implements routing.ports.AccountLimits."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read(self, listener: Arn, call: Call) -> Limits:
        request = reading("DescribeAccountLimits", listener)
        pages = self._api.send_for_pages(request, call, _limits_by_name)
        limits = {name: most for page in pages for name, most in page.items()}
        return Limits(**{field: limits.get(name, default) for field, (name, default) in _QUOTAS.items()})


def _limits_by_name(page: Response) -> dict[str, int]:
    return {
        text_member(limit, "Name"): _number(text_member(limit, "Max")) for limit in member(page, "Limits")
    }


def _number(text: str) -> int:
    if not text.isdecimal():
        raise MalformedResponse("The limit is not a number")
    return int(text)
