"""Listeners in ELBv2: DescribeListeners."""

from elbv2_trafficrouter.arn import Arn, load_balancer_of
from elbv2_trafficrouter.aws.api import Api, reading
from elbv2_trafficrouter.aws.response import Response, arn_member, member
from elbv2_trafficrouter.routing.ports import Call


class Elbv2Listeners:
    """Implements routing.ports.Listeners."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read_beside(self, listener: Arn, call: Call) -> frozenset[Arn]:
        request = reading("DescribeListeners", listener, LoadBalancerArn=load_balancer_of(listener))
        pages = self._api.send_for_pages(request, call, _arns)
        return frozenset(arn for arns in pages for arn in arns)


def _arns(page: Response) -> list[Arn]:
    return [arn_member(listener, "ListenerArn") for listener in member(page, "Listeners")]
