"""Tags of rules in ELBv2: DescribeTags."""

from collections.abc import Collection
from itertools import islice

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.aws.api import Api, reading
from elbv2_trafficrouter.aws.response import Response, arn_member, member, text_member
from elbv2_trafficrouter.errors.rules import RuleNotFound
from elbv2_trafficrouter.routing.ports import Call

_MOST_ARNS = 20  # in one DescribeTags; source: API reference


class Elbv2Tags:
    """Implements routing.ports.Tags."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read(self, rules: Collection[Arn], call: Call) -> dict[Arn, dict[str, str]]:
        found: dict[Arn, dict[str, str]] = {}
        left = iter(sorted(rules))
        while arns := list(islice(left, _MOST_ARNS)):
            found |= self._read(arns, call)
        return found

    def _read(self, arns: list[Arn], call: Call) -> dict[Arn, dict[str, str]]:
        """If a rule does not exist, the whole request fails. Each rule is then requested separately."""
        request = reading("DescribeTags", listener_of(arns[0]), ResourceArns=arns)
        try:
            return self._api.send(request, call, _tags_by_arn)
        except RuleNotFound:
            if len(arns) == 1:
                return {}
        return {rule: tags for arn in arns for rule, tags in self._read([arn], call).items()}


def _tags_by_arn(response: Response) -> dict[Arn, dict[str, str]]:
    return {
        arn_member(described, "ResourceArn"): {
            text_member(tag, "Key"): tag.get("Value", "") for tag in described.get("Tags", ())
        }
        for described in member(response, "TagDescriptions")
    }
