"""The Rollouts and the Python in the pages are ones that the router and the emulator take."""

from typing import Any

import boto3
import msgspec
import pytest
from google.protobuf import json_format

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.rollout.request import read_intent
from support.docs.pages import README, Page, page
from support.manifest import Object, named, plugin, rendered, rollout_schema, unknown_fields


def rollouts(page: Page) -> list[Object]:
    """The YAML blocks with a Rollout, or with a part of one."""
    blocks = map(msgspec.yaml.decode, page.blocks("yaml"))
    return [block for block in blocks if "spec" in block]


@pytest.mark.parametrize("name", ["configuration.md", "header-routes.md"])
def test_every_field_of_an_excerpt_exists(name: str) -> None:
    (excerpt,) = rollouts(page(name))
    assert list(unknown_fields(excerpt, rollout_schema())) == []


def test_the_rollout_of_the_readme_is_complete() -> None:
    (rollout,) = rollouts(README)
    described = {key: rollout[key] for key in rollout if key != "metadata"}
    assert list(unknown_fields(described, rollout_schema())) == []
    assert rollout["spec"]["selector"]["matchLabels"] == rollout["spec"]["template"]["metadata"]["labels"]
    request = json_format.ParseDict(
        {"rollout": rollout, "desiredWeight": 25}, pb.SetWeightRequest(), ignore_unknown_fields=True
    )
    intent = read_intent(request, plugin()["name"])
    assert (intent.stable.service, intent.canary.service) == ("was-stable", "was-canary")


def test_the_block_of_the_page_is_that_of_the_readme() -> None:
    blocks = [
        rollout["spec"]["strategy"]["canary"]["trafficRouting"]["plugins"]
        for where in (README, page("configuration.md"))
        for rollout in rollouts(where)
    ]
    assert blocks[0] == blocks[1]


def test_the_entry_of_the_page_is_the_one_that_is_installed() -> None:
    (shown,) = (one for one in map(msgspec.yaml.decode, page("install.md").blocks("yaml")))
    installed = named(rendered(), "ConfigMap", "argo-rollouts-config")["data"]["trafficRouterPlugins"]
    assert msgspec.yaml.decode(shown["trafficRouterPlugins"]) == msgspec.yaml.decode(installed)


def deploy(endpoint_url: str) -> None:
    """What a user of the emulator tests: it retries what AWS throttles, and writes a rule."""
    elbv2 = boto3.client(
        "elbv2",
        endpoint_url=endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106  the emulator takes any
    )
    balancer = elbv2.create_load_balancer(Name="petclinic", Subnets=["subnet-a", "subnet-b"])["LoadBalancers"]
    fixed: Any = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer[0]["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=fixed
    )["Listeners"][0]
    rule = elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/petclinic*"]}],
        Actions=fixed,
    )["Rules"][0]
    elbv2.modify_rule(RuleArn=rule["RuleArn"], Actions=fixed)


def test_the_python_of_the_emulator_s_page_does_what_it_says() -> None:
    scope: dict[str, Any] = {"deploy": deploy}
    for block in page("emulator.md").blocks("python"):
        exec(block, scope)  # noqa: S102  the page's own
    assert "petclinic" in scope["saved"]
    with scope["Emulator"]() as emulator:
        scope["test_the_deployment_survives_throttling"](emulator)
        refused = [entry.action for entry in emulator.journal.entries if entry.error == "Throttling"]
        assert refused == ["CreateLoadBalancer"] * 2
