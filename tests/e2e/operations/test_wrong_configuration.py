"""An event reports what is wrong, nothing is written, and correcting it is enough."""

from collections.abc import Callable, Mapping

import pytest

from cluster.applications.events import wait_for_event
from cluster.applications.petclinic import CANARY, NEW, OLD, STABLE, Petclinic, petclinic
from cluster.applications.settled import wait_until_settled
from cluster.traffic.shares import assert_only
from cluster.world import World
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown, Throttled
from elbv2_trafficrouter.errors.managed_routes import MirrorRoutesNotImplemented
from elbv2_trafficrouter.errors.request import InvalidConfig, UnknownKeys
from elbv2_trafficrouter.errors.rules import (
    ListenerNotFound,
    NoForwardToStable,
    RuleNotFound,
    TargetGroupNotFound,
)
from support.manifest import Object
from support.router.petclinic import PLUGIN, control

PATH = f"plugins['{PLUGIN}']"
DESCRIBE, MODIFY = "elasticloadbalancing:DescribeRules", "elasticloadbalancing:ModifyRule"
STEPS: list[Object] = [{"setWeight": 10}, {"pause": {}}]


def deploy(world: World, name: str) -> Petclinic:
    clinic = petclinic(world, name.replace("_", "-"), steps=STEPS, replicas=1)
    clinic.wait_promoted()
    return clinic


def set_image(clinic: Petclinic) -> None:
    """Does not wait: while weights cannot be set, the status does not show the new image."""
    clinic.cli("set", "image", "was", f"was=petclinic:{NEW}")


def assert_continues(clinic: Petclinic, problem: Problem) -> None:
    """The canary goes to the first step automatically, without another event."""
    wait_until_settled(clinic, 10)
    wait_for_event(clinic, problem)


def accepted(clinic: Petclinic) -> list[Object]:
    """The writes that AWS accepted."""
    return [call for call in clinic.calls("ModifyRule") if call["status"] == 200]


# The router's block in the Rollout: each function returns what to merge into it, and the resulting problem


def unknown_keys(clinic: Petclinic) -> tuple[Object, Problem]:
    keys = {"rule": clinic.rule, "share%": 10}
    return keys, UnknownKeys([(f"{PATH}.rule", "rules"), (f"{PATH}.share%", "rules")])


def no_canary_group(_: Petclinic) -> tuple[Object, Problem]:
    return {"targetGroups": {CANARY: None}}, InvalidConfig(
        f"{PATH}.targetGroups",
        f"has no target group for the Service '{CANARY}'",
        f"Add the ARN of its target group there. Services that have one: '{STABLE}'.",
    )


def absent_group(clinic: Petclinic) -> tuple[Object, Problem]:
    group = f"{clinic.groups[CANARY].rpartition('/')[0]}/0123456789abcdef"
    return {"targetGroups": {CANARY: group}}, TargetGroupNotFound(clinic.rule, [group])


def absent_rule(clinic: Petclinic) -> tuple[Object, Problem]:
    rule = f"{clinic.rule.rpartition('/')[0]}/0123456789abcdef"
    return {"rules": [{"arn": rule}]}, RuleNotFound(rule)


def absent_listener(clinic: Petclinic) -> tuple[Object, Problem]:
    listener = f"{clinic.listener.rpartition('/')[0]}/0123456789abcdef"
    rule = f"{listener.replace(':listener/', ':listener-rule/')}/0123456789abcdef"
    return {"rules": [{"arn": rule}]}, ListenerNotFound(listener)


def network_rule(clinic: Petclinic) -> tuple[Object, Problem]:
    rule = clinic.rule.replace("/app/", "/net/")
    return {"rules": [{"arn": rule}]}, InvalidConfig(
        f"{PATH}.rules[0].arn",
        f"is '{rule}', not the ARN of an Application Load Balancer's rule",
        "It has the form arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/NAME/ID/ID/ID.",
    )


def forwards_elsewhere(clinic: Petclinic) -> tuple[Object, Problem]:
    other = clinic.groups[CANARY]
    (rule,) = clinic.elbv2.create_rule(
        ListenerArn=clinic.listener,
        Priority=2,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/owners*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": other}],
    )["Rules"]
    return {"rules": [{"arn": rule["RuleArn"]}]}, NoForwardToStable(
        rule["RuleArn"], STABLE, clinic.groups[STABLE], [other]
    )


WRONG = (
    unknown_keys,
    no_canary_group,
    absent_group,
    absent_rule,
    absent_listener,
    network_rule,
    forwards_elsewhere,
)


@pytest.mark.parametrize("wrong", WRONG, ids=[wrong.__name__ for wrong in WRONG])
def test_a_wrong_block_is_reported_until_it_is_corrected(
    wrong: Callable[[Petclinic], tuple[Object, Problem]], newest: World
) -> None:
    clinic = deploy(newest, wrong.__name__)
    block, problem = wrong(clinic)
    clinic.configure(block)
    set_image(clinic)
    wait_for_event(clinic, problem)
    assert accepted(clinic) == []
    clinic.configure(dict.fromkeys(block) | clinic.block)
    assert_continues(clinic, problem)
    assert len(accepted(clinic)) == 1


# Errors of AWS


def iam_refuses_to_write(clinic: Petclinic) -> tuple[Mapping[str, str], Problem]:
    refusal = {"action": "ModifyRule", "error": "AccessDenied", "message": "100% not authorized"}
    return refusal, NotAllowed(MODIFY, clinic.rule, "")


def iam_refuses_to_read(_: Petclinic) -> tuple[Mapping[str, str], Problem]:
    return {"action": "DescribeRules", "error": "AccessDenied"}, NotAllowed(DESCRIBE, "*", "")


def aws_throttles(_: Petclinic) -> tuple[Mapping[str, str], Problem]:
    return {"action": "ModifyRule", "error": "Throttling"}, Throttled(MODIFY, "")


def aws_breaks_down(clinic: Petclinic) -> tuple[Mapping[str, str], Problem]:
    return {"action": "ModifyRule", "error": "InternalFailure"}, OutcomeUnknown(MODIFY, clinic.rule, "")


FAULTS = (iam_refuses_to_write, iam_refuses_to_read, aws_throttles, aws_breaks_down)


@pytest.mark.parametrize("failing", FAULTS, ids=[failing.__name__ for failing in FAULTS])
def test_a_refusal_by_aws_is_reported_until_aws_accepts_the_call(
    failing: Callable[[Petclinic], tuple[Mapping[str, str], Problem]],
    newest: World,
    fault: Callable[..., None],
) -> None:
    clinic = deploy(newest, failing.__name__)
    answer, problem = failing(clinic)
    fault(**answer)
    set_image(clinic)
    wait_for_event(clinic, problem)
    with clinic.load() as load:
        assert_only(load, OLD)
    assert accepted(clinic) == []
    control(newest.endpoint, "DELETE", "faults")
    assert_continues(clinic, problem)
    assert len(accepted(clinic)) == 1


# A step that a load balancer does not support

MIRROR = {"name": "beta", "match": [{"path": {"prefix": "/petclinic"}}], "percentage": 10}


def test_a_mirror_step_is_held_until_it_is_removed(newest: World) -> None:
    clinic = deploy(newest, "mirror")
    routing = {"managedRoutes": [{"name": "beta"}]}
    put_steps(clinic, [{"setMirrorRoute": MIRROR}, *STEPS], trafficRouting=routing)
    set_image(clinic)
    wait_for_event(clinic, MirrorRoutesNotImplemented())
    assert clinic.written() == []
    put_steps(clinic, STEPS)
    assert_continues(clinic, MirrorRoutesNotImplemented())
    assert clinic.written() == [10]


def put_steps(clinic: Petclinic, steps: list[Object], **canary: Object) -> None:
    clinic.patch({"spec": {"strategy": {"canary": {"steps": steps, **canary}}}})
