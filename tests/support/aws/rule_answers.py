"""Responses to DescribeRules as AWS writes them, for a real boto3 client."""

from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER = f"{OWNER}:listener/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2"
RULE = f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
OTHER_RULE = RULE.replace("beef", "cafe").replace("6cabee", "6cabff")
GROUP = f"{OWNER}:targetgroup/was-stable/73e2d6bc24d8a067"

FORWARD = f"<member><Type>forward</Type><TargetGroupArn>{GROUP}</TargetGroupArn></member>"


def answer(*rules: str, marker: str = "") -> bytes:
    """A response to DescribeRules with these rules."""
    next_marker = f"<NextMarker>{marker}</NextMarker>" if marker else ""
    return (
        '<DescribeRulesResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">'
        f"<DescribeRulesResult><Rules>{''.join(rules)}</Rules>{next_marker}</DescribeRulesResult>"
        "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>"
        "</DescribeRulesResponse>"
    ).encode()


def rule(actions: str, arn: str = RULE, beside: str = "") -> str:
    return (
        f"<member><RuleArn>{arn}</RuleArn><Priority>1</Priority><IsDefault>false</IsDefault>{beside}"
        f"<Actions>{actions}</Actions></member>"
    )


def forward(groups: str = "", beside: str = "") -> str:
    return (
        f"<member><Type>forward</Type><Order>1</Order><ForwardConfig><TargetGroups>{groups}</TargetGroups>"
        f"{beside}</ForwardConfig></member>"
    )


def group(beside: str = "") -> str:
    return f"<member><TargetGroupArn>{GROUP}</TargetGroupArn><Weight>1</Weight>{beside}</member>"


class Body:
    """A response body as urllib3 provides it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


def answer_with(client: ElasticLoadBalancingv2Client, *bodies: bytes, status: int = 200) -> list[str]:
    """Makes the client receive these bodies in turn, one for each request, and the last one from then on.

    Returns the list of request bodies, which grows with each request.
    """
    left, asked = list(bodies), list[str]()

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        asked.append(str(request.body))
        content = left.pop(0) if len(left) > 1 else left[0]
        return AWSResponse(request.url, status, HTTPHeaders(), Body(content))

    events: Any = client.meta.events
    events.register("before-send.elastic-load-balancing-v2", send)
    return asked
