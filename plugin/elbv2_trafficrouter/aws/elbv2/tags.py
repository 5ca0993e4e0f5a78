"""Tags of resources in ELBv2: DescribeTags."""

from collections.abc import Collection
from functools import partial
from itertools import groupby, islice

from elbv2_trafficrouter.arn import Arn, location_of
from elbv2_trafficrouter.aws.api import Api, Request
from elbv2_trafficrouter.aws.problems import tags_problem
from elbv2_trafficrouter.aws.response import Response, arn_member, member, text_member
from elbv2_trafficrouter.errors.rules import ResourceNotFound
from elbv2_trafficrouter.routing.ports import Call

_MOST_ARNS = 20  # in one DescribeTags; source: API reference


class Elbv2Tags:
    """Implements routing.ports.Tags."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read(self, resources: Collection[Arn], call: Call) -> dict[Arn, dict[str, str]]:
        found: dict[Arn, dict[str, str]] = {}
        for _, located in groupby(sorted(resources), location_of):
            while arns := list(islice(located, _MOST_ARNS)):
                found |= self._read(arns, call)
        return found

    def _read(self, arns: list[Arn], call: Call) -> dict[Arn, dict[str, str]]:
        """If a resource does not exist, the whole request fails. Each one is then requested separately."""
        problem = partial(tags_problem, resources=arns)
        request = Request("DescribeTags", arns[0], {"ResourceArns": arns}, problem)
        try:
            return self._api.send(request, call, _tags_by_arn)
        except ResourceNotFound:
            if len(arns) == 1:
                return {}
        return {found: tags for arn in arns for found, tags in self._read([arn], call).items()}


def _tags_by_arn(response: Response) -> dict[Arn, dict[str, str]]:
    return {
        arn_member(described, "ResourceArn"): {
            text_member(tag, "Key"): tag.get("Value", "") for tag in described.get("Tags", ())
        }
        for described in member(response, "TagDescriptions")
    }
