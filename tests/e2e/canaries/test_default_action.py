"""A listener's default action has weights and header routes like a rule."""

from typing import Any

from cluster.applications.header_routes import (
    beta_route,
    both_loads,
    deploy,
    listener_rules,
    routes,
)
from cluster.applications.petclinic import CANARY, NEW, OLD, STABLE, Petclinic, is_promoted
from cluster.applications.settled import wait_registered
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from support.manifest import Object

STEPS: list[Object] = [{"setWeight": 25}, beta_route(), {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
LAST_PRIORITY = 50_000


def control_the_default_action(clinic: Petclinic) -> None:
    """Makes the router control the default action in place of the rule."""
    groups = [
        {"TargetGroupArn": clinic.groups[service], "Weight": weight}
        for service, weight in ((STABLE, 100), (CANARY, 0))
    ]
    forward: Any = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    clinic.elbv2.modify_listener(ListenerArn=clinic.listener, DefaultActions=[forward])
    clinic.elbv2.delete_rule(RuleArn=clinic.rule)
    clinic.configure({"rules": [{"listenerArn": clinic.listener}]})


def weights(clinic: Petclinic) -> dict[str, int]:
    """Service → weight in the default action, by describe-listeners."""
    services = {arn: service for service, arn in clinic.groups.items()}
    (listener,) = clinic.elbv2.describe_listeners(ListenerArns=[clinic.listener])["Listeners"]
    groups = listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
    return {services[group["TargetGroupArn"]]: group["Weight"] for group in groups}


def test_a_default_action_has_exact_weights_and_header_routes(newest: World) -> None:
    clinic = deploy(newest, "default-action", STEPS)
    control_the_default_action(clinic)
    before = listener_rules(clinic)
    with both_loads(clinic) as (marked, others):
        assert_only(others, OLD)
        clinic.set_image(NEW)
        for weight in (25, 50):
            clinic.wait_paused(weight)
            assert weights(clinic) == {STABLE: 100 - weight, CANARY: weight}
            assert routes(clinic) == [("beta", LAST_PRIORITY)]
            wait_registered(clinic)
            assert_only(marked, NEW)
            assert_shares(others, {OLD: 100 - weight, NEW: weight})
            clinic.cli("promote", "was")
        clinic.wait(is_promoted, "it was promoted", seconds=120)
        wait_registered(clinic)
        assert_only(others, NEW)
    assert weights(clinic) == {STABLE: 100, CANARY: 0}
    assert listener_rules(clinic) == before
    assert clinic.events() == []
    changed = {call["action"] for call in clinic.calls() if not call["action"].startswith("Describe")}
    assert changed == {"ModifyListener", "CreateRule", "DeleteRule"}
