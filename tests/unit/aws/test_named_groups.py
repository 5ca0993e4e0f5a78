"""Which target group the error for a missing one names."""

from typing import Any

import pytest
from botocore import exceptions as boto

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.problems import writing_problem

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = Arn(f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee")
STABLE = Arn(f"{OWNER}:targetgroup/was-stable/73e2d6bc24d8a067")
CANARY = Arn(f"{OWNER}:targetgroup/was-canary/943f017f100becff")


@pytest.mark.parametrize(
    ("message", "named"),
    [
        pytest.param(f"Target groups '{CANARY}' not found", CANARY, id="the one in AWS's message"),
        pytest.param(f"Target groups '{STABLE}' not found", STABLE, id="the other one"),
        pytest.param("One or more target groups not found", f"{CANARY} {STABLE}", id="all, if none is"),
    ],
)
def test_a_missing_target_group_is_the_one_that_aws_names(message: str, named: str) -> None:
    answer: Any = {
        "Error": {"Code": "TargetGroupNotFound", "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    error = boto.ClientError(answer, "ModifyRule")
    problem = writing_problem(error, "elasticloadbalancing:ModifyRule", RULE, STABLE, CANARY)
    assert problem.metadata["target_groups"] == named
