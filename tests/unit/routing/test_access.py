"""Which rules a controller in Kubernetes manages, by their tags, and how often these are read."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, Throttled
from elbv2_trafficrouter.errors.call import DeadlineExceeded
from elbv2_trafficrouter.errors.rules import ListenerNotFound, ManagedByController, RuleNotFound
from elbv2_trafficrouter.routing.access import Access
from elbv2_trafficrouter.routing.ports import Call
from elbv2_trafficrouter.routing.rule import SteeredRule
from support.router.caller import Caller
from support.router.intents import ACCOUNT, CANARY, GROUPS, LISTENER, RULE, STABLE
from support.router.runtime import Runtime

BALANCER = Arn(f"{ACCOUNT}:loadbalancer/app/petclinic/50dc")
ALL = {RULE, LISTENER, BALANCER, STABLE, CANARY}
OF_RULE = (SteeredRule(RULE, GROUPS),)
OF_DEFAULT_ACTION = (SteeredRule(LISTENER, GROUPS),)
CLUSTER = "elbv2.k8s.aws/cluster"
DENIED = NotAllowed("elasticloadbalancing:DescribeTags", "*", "no")


@dataclass
class TagsInMemory:
    """`requests`: the resources of each request."""

    of: dict[Arn, dict[str, str]] = field(default_factory=lambda: {arn: {} for arn in ALL})
    requests: list[set[Arn]] = field(default_factory=list)
    problem: Problem | None = None

    def read(self, resources: Collection[Arn], call: Call) -> dict[Arn, dict[str, str]]:
        call.require_current()
        self.requests.append(set(resources))
        if self.problem:
            raise self.problem
        return {arn: self.of[arn] for arn in resources if arn in self.of}


@pytest.fixture
def tags() -> TagsInMemory:
    return TagsInMemory()


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def access(tags: TagsInMemory, runtime: Runtime) -> Access:
    return Access(tags, runtime)


def is_steerable(access: Access, steered: tuple[SteeredRule, ...] = OF_RULE) -> bool:
    try:
        access.require_steerable(steered, Caller())
    except ManagedByController:
        return False
    return True


# Tags


@pytest.mark.parametrize("resource", [RULE, LISTENER, BALANCER], ids=["rule", "listener", "load balancer"])
@pytest.mark.parametrize(
    ("key", "controller"),
    [
        ("elbv2.k8s.aws/cluster", "The AWS Load Balancer Controller"),
        ("ingress.k8s.aws/stack", "The AWS Load Balancer Controller"),
        ("ingress.k8s.aws/resource", "The AWS Load Balancer Controller"),
        ("ingress.k8s.aws/cluster", "The AWS Load Balancer Controller"),
        ("service.k8s.aws/stack", "The AWS Load Balancer Controller"),
        ("service.k8s.aws/resource", "The AWS Load Balancer Controller"),
        ("gateway.k8s.aws/stack", "The AWS Load Balancer Controller"),
        ("gateway.k8s.aws.alb/stack", "The AWS Load Balancer Controller"),
        ("gateway.k8s.aws.alb/resource", "The AWS Load Balancer Controller"),
        ("gateway.k8s.aws.nlb/stack", "The AWS Load Balancer Controller"),
        ("ingress.eks.amazonaws.com/stack", "EKS Auto Mode"),
        ("ingress.eks.amazonaws.com/resource", "EKS Auto Mode"),
        ("service.eks.amazonaws.com/stack", "EKS Auto Mode"),
        ("service.eks.amazonaws.com/resource", "EKS Auto Mode"),
    ],
)
def test_a_rule_is_refused_for_a_controller_s_tag(
    access: Access, tags: TagsInMemory, key: str, controller: str, resource: Arn
) -> None:
    tags.of[resource] = {"team": "web", key: ""}
    with pytest.raises(ManagedByController) as caught:
        access.require_steerable(OF_RULE, Caller())
    assert caught.value.metadata == {
        "rule": RULE,
        "resource": resource,
        "controller": controller,
        "tag": key,
    }


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("eks:eks-cluster-name", id="required on groups for a TargetGroupBinding of Auto Mode"),
        "kubernetes.io/cluster/lab",
        "elbv2.k8s.aws",
        "elbv2.k8s.aws/clusters",
        "elbv2.k8s.aws/cluster/lab",
        "ELBV2.K8S.AWS/cluster",
        "ingress.k8s.aws",
        "ingress.k8s.aws:stack",
        "ingress.k8s.awsome/stack",
        "my-ingress.k8s.aws/stack",
        "team/ingress.k8s.aws/stack",
        "gateway.k8s.aws.alb",
        "gateway.k8s.aws.web/stack",
        "k8s.aws/stack",
        "ingress.eks.amazonaws.com",
        "eks.amazonaws.com/stack",
        "pods.eks.amazonaws.com/stack",
        "elbv2-trafficrouter/namespace",
        "",
    ],
)
def test_other_tags_are_no_sign(access: Access, tags: TagsInMemory, key: str) -> None:
    tags.of = {arn: {key: CLUSTER} for arn in ALL}
    assert is_steerable(access)


def test_a_target_group_of_a_controller_refuses_nothing(access: Access, tags: TagsInMemory) -> None:
    tags.of[STABLE] = tags.of[CANARY] = {CLUSTER: "lab", "ingress.k8s.aws/stack": "petclinic/was"}
    assert is_steerable(access)


def test_the_load_balancer_is_named_first_because_its_other_rules_are_no_way_out(
    access: Access, tags: TagsInMemory
) -> None:
    tags.of = {arn: {"ingress.k8s.aws/stack": "petclinic/web", CLUSTER: "lab"} for arn in ALL}
    with pytest.raises(ManagedByController) as caught:
        access.require_steerable(OF_RULE, Caller())
    assert caught.value.sentence == (
        "The AWS Load Balancer Controller manages loadbalancer/app/petclinic/50dc (tag "
        "elbv2.k8s.aws/cluster), and would revert the router's changes in the middle of a rollout. Name a "
        "rule on a load balancer that was made outside of Kubernetes, for example with Terraform, "
        "CloudFormation or the AWS CLI, and register the pods in its target groups with a TargetGroupBinding "
        "for each Service."
    )


@pytest.mark.parametrize("resource", [LISTENER, BALANCER], ids=["listener", "load balancer"])
def test_a_default_action_is_refused_like_a_rule(access: Access, tags: TagsInMemory, resource: Arn) -> None:
    tags.of[resource] = {CLUSTER: "lab"}
    assert not is_steerable(access, OF_DEFAULT_ACTION)
    assert tags.requests == [ALL - {RULE}]


def test_one_managed_rule_refuses_all_of_them(access: Access, tags: TagsInMemory) -> None:
    there = Arn(RULE.replace("/50dc/", "/50dd/"))
    tags.of |= {there: {}, Arn(LISTENER.replace("/50dc/", "/50dd/")): {CLUSTER: "lab"}}
    tags.of[Arn(BALANCER.replace("/50dc", "/50dd"))] = {}
    assert not is_steerable(access, (*OF_RULE, SteeredRule(there, GROUPS)))
    assert len(tags.requests) == 1


# Requests


@pytest.mark.parametrize("is_managed", [False, True])
def test_tags_are_read_in_one_request_a_minute(
    access: Access, tags: TagsInMemory, runtime: Runtime, is_managed: bool
) -> None:
    tags.of[BALANCER] = {CLUSTER: "lab"} if is_managed else {}
    for runtime.seconds in (0, 0, 30, 60):
        assert is_steerable(access) is not is_managed
    assert tags.requests == [ALL]
    tags.of[BALANCER] = {} if is_managed else {CLUSTER: "lab"}
    for runtime.seconds in (60, 60.1, 100, 120.1):
        assert is_steerable(access) is (is_managed if runtime.seconds > 60 else not is_managed)
    assert tags.requests == [ALL, ALL]


def test_a_known_load_balancer_is_read_again_with_another_rule(
    access: Access, tags: TagsInMemory, runtime: Runtime
) -> None:
    """Otherwise the tags would expire one after the other, and a minute would cost several reads."""
    assert is_steerable(access)
    other = Arn(f"{RULE}0")
    tags.of[other] = {}
    runtime.seconds = 40
    assert is_steerable(access, (SteeredRule(other, GROUPS),))
    assert tags.requests == [ALL, ALL - {RULE} | {other}]
    runtime.seconds = 70
    assert is_steerable(access, (SteeredRule(other, GROUPS),))
    assert len(tags.requests) == 2


@pytest.mark.parametrize(
    "problem",
    [DENIED, Throttled("elasticloadbalancing:DescribeTags", "Throttling")],
    ids=["denied", "throttled"],
)
def test_a_failed_read_refuses_the_rule_and_is_not_kept(
    access: Access, tags: TagsInMemory, problem: Problem
) -> None:
    tags.problem = problem
    with pytest.raises(type(problem)):
        access.require_steerable(OF_RULE, Caller())
    assert len(access) == 0
    tags.problem = None
    assert is_steerable(access)
    assert tags.requests == [ALL, ALL]


def test_known_tags_outlast_a_failing_read(access: Access, tags: TagsInMemory, runtime: Runtime) -> None:
    assert is_steerable(access)
    tags.problem, runtime.seconds = DENIED, 60
    assert is_steerable(access)
    runtime.seconds = 61
    with pytest.raises(NotAllowed):
        access.require_steerable(OF_RULE, Caller())


@pytest.mark.parametrize(
    ("missing", "problem"),
    [
        pytest.param(RULE, RuleNotFound, id="rule"),
        pytest.param(LISTENER, ListenerNotFound, id="listener"),
        pytest.param(BALANCER, ListenerNotFound, id="load balancer"),
    ],
)
def test_a_rule_whose_tags_are_missing_from_the_response_is_refused(
    access: Access, tags: TagsInMemory, missing: Arn, problem: type[Problem]
) -> None:
    """That no tag is known does not mean that there is none."""
    del tags.of[missing]
    for _ in range(2):
        with pytest.raises(problem):
            access.require_steerable(OF_RULE, Caller())
    tags.of[missing] = {}
    assert is_steerable(access)
    assert tags.requests == [ALL, ALL, ALL]


def test_a_target_group_that_does_not_exist_is_not_looked_up_again_for_a_minute(
    access: Access, tags: TagsInMemory, runtime: Runtime
) -> None:
    """Every retry writes the rule with this group in vain; only this write costs a request each time."""
    del tags.of[CANARY]
    for runtime.seconds in (0, 60):
        assert is_steerable(access)
    assert tags.requests == [ALL]


def test_a_call_that_has_ended_reads_no_tags(access: Access, tags: TagsInMemory) -> None:
    with pytest.raises(DeadlineExceeded):
        access.require_steerable(OF_RULE, Caller(seconds=0))
    assert tags.requests == []


def test_tags_are_forgotten_after_a_minute(access: Access, runtime: Runtime) -> None:
    assert is_steerable(access)
    assert len(access) == len(ALL)
    runtime.seconds = 60.1
    assert len(access) == 0
