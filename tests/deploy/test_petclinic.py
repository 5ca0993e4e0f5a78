"""deploy/examples/petclinic fits the router's own readers and the schema of Argo Rollouts."""

import re
import subprocess
from copy import deepcopy
from pathlib import Path

import msgspec
import pytest
from google.protobuf import json_format

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.rollout.request import read_header_route, read_intent
from elbv2_trafficrouter.routing.headers.conditions import header_conditions
from elbv2_trafficrouter.routing.rule import Condition
from support.docs.pages import page
from support.manifest import BUILD, ROOT, Object, named, objects_of, plugin, rollout_schema, unknown_fields

PETCLINIC = ROOT / "deploy" / "examples" / "petclinic"
OBJECTS = tuple(found for file in sorted(PETCLINIC.glob("*.yaml")) for found in objects_of(file.read_text()))
TERRAFORM = PETCLINIC / "petclinic.tf"
ROLLOUT = named(OBJECTS, "Rollout", "was")
SERVICES = ["was-canary", "was-stable"]


def intent(weight: int) -> Intent:
    request = json_format.ParseDict(
        {"rollout": ROLLOUT, "desiredWeight": weight}, pb.SetWeightRequest(), ignore_unknown_fields=True
    )
    return read_intent(request, plugin()["name"])


def test_the_router_reads_the_rollout() -> None:
    read = intent(25)
    assert (read.namespace, read.rollout) == ("petclinic", "was")
    assert (read.stable.service, read.canary.service) == ("was-stable", "was-canary")
    assert sorted(read.config.target_groups) == SERVICES


def test_the_rollout_has_the_usual_steps() -> None:
    pause = {"pause": {"duration": "30s"}}
    weights = [{"setWeight": weight} for weight in (10, 25, 50, 75)]
    assert ROLLOUT["spec"]["strategy"]["canary"]["steps"] == [
        step for weight in weights for step in (weight, pause)
    ]
    assert ROLLOUT["spec"]["replicas"] == 2


def test_every_field_of_the_rollout_exists() -> None:
    described = {key: ROLLOUT[key] for key in ROLLOUT if key != "metadata"}
    assert list(unknown_fields(described, rollout_schema())) == []


def test_the_services_select_the_pods_of_the_rollout() -> None:
    labels = ROLLOUT["spec"]["template"]["metadata"]["labels"]
    assert ROLLOUT["spec"]["selector"]["matchLabels"] == labels == {"app": "petclinic", "tier": "was"}
    services = {found["metadata"]["name"]: found["spec"] for found in OBJECTS if found["kind"] == "Service"}
    assert sorted(services) == SERVICES
    for service in services.values():
        assert service == {"selector": labels, "ports": [{"port": 8080}]}


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_bound_to_the_target_group_that_gets_its_weight(service: str) -> None:
    binding: Object = named(OBJECTS, "TargetGroupBinding", service)["spec"]
    assert binding["targetGroupARN"] == intent(0).config.target_groups[service]
    assert binding["serviceRef"] == {"name": service, "port": 8080}
    assert binding["targetType"] == "ip"


def test_all_objects_are_in_one_namespace_which_is_created_first() -> None:
    assert OBJECTS[0] == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "petclinic"}}
    assert {found["metadata"]["namespace"] for found in OBJECTS[1:]} == {"petclinic"}


def test_the_terraform_file_is_valid_and_formatted(tmp_path: Path) -> None:
    assert hclfmt(TERRAFORM).returncode == 0
    broken = tmp_path / "broken.tf"
    broken.write_text(TERRAFORM.read_text().replace("= 8080", " = 8080"))
    assert hclfmt(broken).returncode != 0
    broken.write_text(TERRAFORM.read_text() + "{")
    assert hclfmt(broken).returncode != 0


def hclfmt(file: Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [BUILD / "hclfmt", "-check", "-require-no-change", file], check=False, capture_output=True
    )


def test_terraform_does_not_change_the_weights() -> None:
    text = TERRAFORM.read_text()
    (ignored,) = re.findall(r"ignore_changes = (.*)", text)
    assert ignored == "[action[0].forward[0].target_group]"
    # With two groups, the provider reads target_group_arn as empty, and an apply would change the rule.
    assert not re.search(r"target_group_arn\s*=", text)
    assert re.findall(r'arn    = aws_lb_target_group\.was\["(\w+)"]\.arn', text) == ["stable", "canary"]


def test_terraform_allows_the_router_to_write_weights_and_header_routes() -> None:
    tagged = re.findall(r'"elbv2-trafficrouter/namespace" = "(\w+)"', TERRAFORM.read_text())
    assert tagged == [ROLLOUT["metadata"]["namespace"]] * 2, "the listener and the rule need the tag"
    (priority,) = re.findall(r"priority = (\d+)", TERRAFORM.read_text())
    assert int(priority) > 1, "a header route's rule needs a smaller number"


def test_the_router_accepts_the_header_route_in_the_docs() -> None:
    (block,) = page("header-routes.md").blocks("yaml")
    excerpt = msgspec.yaml.decode(block)
    assert list(unknown_fields(excerpt, rollout_schema())) == []

    rollout: Object = deepcopy(ROLLOUT)
    rollout["metadata"]["uid"] = "4c1f"
    rollout["status"] = {"stableRS": "old", "currentPodHash": "new"}
    canary, added = (each["spec"]["strategy"]["canary"] for each in (rollout, excerpt))
    canary["trafficRouting"] |= added["trafficRouting"]
    (step,) = (step for step in added["steps"] if "setHeaderRoute" in step)
    request = json_format.ParseDict(
        {"rollout": rollout, **step}, pb.SetHeaderRouteRequest(), ignore_unknown_fields=True
    )
    _, route = read_header_route(request, plugin()["name"])
    assert header_conditions(route) == {Condition("http-header", frozenset({"1"}), False, "X-Beta")}
