"""State is saved and loaded, loaded from the output of the AWS CLI, and reset."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from elbv2_emulator import Emulator, Fault
from elbv2_emulator.loading.read import CannotLoad, read_contents

OIDC = dict.fromkeys(
    ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint"), "https://idp.example.com/"
)


def fixed_clock() -> float:
    return 1_800_000_000.0


@pytest.fixture
def emulator(started: ExitStack) -> Emulator:
    return started.enter_context(Emulator(clock=fixed_clock))


@pytest.fixture
def full(elbv2: Any, petclinic: Any, emulator: Emulator, control: Callable[..., Any]) -> Any:
    """A state with resources of every kind."""
    emulator.addresses.merge({"10.64.0.3:8080": "127.0.0.1:9001"})
    targets = [{"Id": "10.64.0.3"}, {"Id": "10.64.0.3", "Port": 9090}, {"Id": "10.64.0.4"}]
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=targets)
    health = [{"id": "10.64.0.3", "port": 8080, "state": "unhealthy"}]
    control("PUT", "health", {"targetGroupArn": petclinic.stable, "targets": health})
    elbv2.register_targets(TargetGroupArn=petclinic.canary, Targets=[{"Id": "10.64.1.3"}])
    elbv2.deregister_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": "10.64.0.4"}])
    elbv2.modify_target_group_attributes(
        TargetGroupArn=petclinic.canary, Attributes=[{"Key": "slow_start.duration_seconds", "Value": "60"}]
    )
    elbv2.add_tags(ResourceArns=[petclinic.rule], Tags=[{"Key": "team", "Value": "vets"}])
    login = {**OIDC, "ClientId": "petclinic", "ClientSecret": "s3cret"}
    elbv2.create_rule(
        ListenerArn=petclinic.listener,
        Priority=2,
        Conditions=[
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Canary", "Values": ["1"]}},
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
        ],
        Actions=[
            {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": login},
            {**petclinic.split(0, 1)[0], "Order": 2},
        ],
        Transforms=[
            {
                "Type": "url-rewrite",
                "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a", "Replace": "/b"}]},
            }
        ],
    )
    return petclinic


def all_checked(emulator: Emulator) -> bool:
    groups = json.loads(emulator.save())["regions"]["eu-west-1"]["target_groups"].values()
    targets = [target for group in groups for target in group["targets"]]
    return all(target["checks"]["due"] for target in targets if target["draining_until"] is None)


@pytest.mark.usefixtures("full")
def test_a_state_that_is_saved_and_loaded_is_unchanged_when_saved_again(
    emulator: Emulator, http: Any, control: Callable[..., Any]
) -> None:
    while not all_checked(emulator):
        pass
    saved = emulator.save()
    assert json.loads(saved) == control("GET", "state")
    with Emulator(clock=fixed_clock) as other:
        answer = http.request("PUT", f"{other.url}/_emulator/state", body=saved)
        assert answer.status == 200
        assert json.loads(answer.data) == json.loads(saved)
        other.load(saved)
        assert other.save() == saved
        assert other.addresses.map == {"10.64.0.3:8080": "127.0.0.1:9001"}


@pytest.mark.usefixtures("full")
def test_a_loaded_state_is_described_and_served_like_the_saved_one(
    emulator: Emulator, elbv2: Any, petclinic: Any, control: Callable[..., Any]
) -> None:
    def described() -> list[Any]:
        answers = [
            elbv2.describe_load_balancers(),
            elbv2.describe_listeners(LoadBalancerArn=petclinic.balancer),
            elbv2.describe_rules(ListenerArn=petclinic.listener),
            elbv2.describe_target_groups(),
            elbv2.describe_target_health(TargetGroupArn=petclinic.stable),
            elbv2.describe_target_group_attributes(TargetGroupArn=petclinic.canary),
            elbv2.describe_tags(ResourceArns=[petclinic.rule, petclinic.stable]),
        ]
        return [
            {name: value for name, value in answer.items() if name != "ResponseMetadata"}
            for answer in answers
        ]

    before, saved = described(), emulator.save()
    emulator.reset()
    assert elbv2.describe_load_balancers()["LoadBalancers"] == []
    emulator.load(saved)
    assert described() == before
    (listener,) = control("GET", "listeners")
    assert listener["url"].startswith("https://127.0.0.1:")


def test_resources_created_after_loading_get_new_arns(emulator: Emulator, elbv2: Any, petclinic: Any) -> None:
    emulator.load(emulator.save())
    condition = [{"Field": "path-pattern", "Values": ["/x"]}]
    for priority in range(2, 12):
        actions = petclinic.split(1, 1)
        elbv2.create_rule(
            ListenerArn=petclinic.listener, Priority=priority, Conditions=condition, Actions=actions
        )
    assert len(elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"]) == 12


def test_reset_removes_everything_and_arns_start_over(
    emulator: Emulator, elbv2: Any, full: Any, control: Callable[..., Any], http: Any
) -> None:
    subnets = ["subnet-a", "subnet-b"]
    url = control("GET", "listeners")[0]["url"]
    assert http.request("GET", url).status == 404
    assert control("GET", "counts")["total"]
    emulator.faults.add(Fault("DescribeTags", error="Throttling"))
    emulator.timing.throttling = True
    assert full.balancer in emulator.save()
    empty = control("POST", "reset")
    assert empty == {"format": "elbv2-emulator/1", "regions": {}, "addresses": {}}
    for what in ("faults", "journal", "listeners", "health"):
        assert control("GET", what) == []
    assert control("GET", "counts")["total"] == []
    assert not emulator.timing.throttling
    with pytest.raises(Exception, match="Connection refused"):
        http.request("GET", url)
    made = elbv2.create_load_balancer(Name="k8s-petclinicgroup", Subnets=subnets)
    assert made["LoadBalancers"][0]["LoadBalancerArn"] == full.balancer


def cli_output(answer: dict[str, Any], **more: str) -> str:
    """The text that the AWS CLI prints."""
    described = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return json.dumps({**more, **described}, default=lambda time: time.isoformat())


@pytest.fixture
def printed(elbv2: Any, full: Any) -> list[str]:
    resources = [full.balancer, full.listener, full.rule, full.stable, full.canary]
    return [
        cli_output(elbv2.describe_load_balancers()),
        cli_output(elbv2.describe_listeners(LoadBalancerArn=full.balancer)),
        cli_output(elbv2.describe_rules(ListenerArn=full.listener)),
        cli_output(elbv2.describe_target_groups()),
        cli_output(elbv2.describe_tags(ResourceArns=resources)),
        cli_output(elbv2.describe_target_health(TargetGroupArn=full.stable), TargetGroupArn=full.stable),
        cli_output(elbv2.describe_target_health(TargetGroupArn=full.canary), TargetGroupArn=full.canary),
    ]


@pytest.fixture
def other(started: ExitStack) -> Emulator:
    return started.enter_context(Emulator(clock=fixed_clock))


@pytest.mark.parametrize("merged", [False, True], ids=["separate texts", "one text"])
def test_output_of_the_aws_cli_is_loaded_and_described_again(
    *, other: Emulator, emulator: Emulator, elbv2: Any, full: Any, printed: list[str], merged: bool
) -> None:
    assert emulator.url != other.url
    other.load(*(["\n".join(printed)] if merged else printed))
    emulator.load(other.save())
    again = [
        cli_output(elbv2.describe_load_balancers()),
        cli_output(elbv2.describe_listeners(LoadBalancerArn=full.balancer)),
        cli_output(elbv2.describe_rules(ListenerArn=full.listener)),
        cli_output(elbv2.describe_target_groups()),
        cli_output(
            elbv2.describe_tags(
                ResourceArns=[full.balancer, full.listener, full.rule, full.stable, full.canary]
            )
        ),
    ]
    assert [json.loads(text) for text in again] == [json.loads(text) for text in printed[:5]]
    for group, text in ((full.stable, printed[5]), (full.canary, printed[6])):
        described = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        expected = json.loads(text)["TargetHealthDescriptions"]
        assert [(target["Target"], target["TargetHealth"]["State"]) for target in described] == [
            (target["Target"], target["TargetHealth"]["State"]) for target in expected
        ]


def test_targets_of_a_described_target_group_are_deregistered(
    emulator: Emulator, elbv2: Any, full: Any, printed: list[str]
) -> None:
    emulator.load(*printed)
    described = elbv2.describe_target_health(TargetGroupArn=full.stable)["TargetHealthDescriptions"]
    elbv2.deregister_targets(TargetGroupArn=full.stable, Targets=[each["Target"] for each in described])
    left = elbv2.describe_target_health(TargetGroupArn=full.stable)["TargetHealthDescriptions"]
    assert {each["TargetHealth"]["State"] for each in left} == {"draining"}


def test_one_document_with_several_outputs_is_loaded(elbv2: Any, petclinic: Any, other: Emulator) -> None:
    merged = (
        json.loads(cli_output(elbv2.describe_load_balancers()))
        | json.loads(cli_output(elbv2.describe_listeners(LoadBalancerArn=petclinic.balancer)))
        | json.loads(cli_output(elbv2.describe_target_groups()))
    )
    other.load(json.dumps(merged))
    region = json.loads(other.save())["regions"]["eu-west-1"]
    # Without describe-rules the default actions are taken from the listener.
    (rule,) = region["rules"].values()
    assert (rule["priority"], rule["actions"][0]["Type"]) == (None, "fixed-response")
    assert list(region["target_groups"]) == [petclinic.stable, petclinic.canary]


def test_a_network_load_balancer_is_left_out_with_its_listeners_and_groups(
    elbv2: Any, petclinic: Any
) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
    network = {"LoadBalancerArn": f"{arn}loadbalancer/net/n/0123456789abcdef", "Type": "network"}
    group = {"TargetGroupArn": f"{arn}targetgroup/t/0123456789abcdef", "Protocol": "TCP"}
    listener = {
        "ListenerArn": f"{arn}listener/net/n/0123456789abcdef/0123456789abcdef",
        "LoadBalancerArn": network["LoadBalancerArn"],
    }
    described = {"LoadBalancers": [network], "Listeners": [listener], "TargetGroups": [group]}
    contents = read_contents(cli_output(elbv2.describe_load_balancers()), json.dumps(described))
    state = contents.states["eu-west-1"]
    assert list(state.load_balancers) == [petclinic.balancer]
    assert not state.listeners
    assert not state.target_groups


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(
            lambda texts: texts[1:], "load balancer of the listener .* is missing", id="no load balancers"
        ),
        pytest.param(lambda texts: [texts[2]], "listener of the rule .* is missing", id="no listeners"),
        pytest.param(lambda texts: texts[:3], "which is missing or does not use HTTP", id="no groups"),
        pytest.param(
            lambda texts: [*texts, '{"Attributes": []}'], "'Attributes' is not one of", id="unknown"
        ),
        pytest.param(
            lambda texts: [*texts, '{"TargetHealthDescriptions": []}'],
            "does not name its target group",
            id="targets without a group",
        ),
        pytest.param(lambda texts: [*texts, "["], "Expecting value", id="not JSON"),
        pytest.param(lambda texts: [*texts, "[1]"], "JSON object was expected", id="a list"),
        pytest.param(lambda texts: [*texts, '{"Rules": [{}]}'], "'RuleArn' is missing", id="half a rule"),
        pytest.param(
            lambda texts: [*texts, '{"Rules": 1}'], "not the output of a describe call", id="a number"
        ),
        pytest.param(
            lambda texts: [*texts, '{"format": "elbv2-emulator/1"}'],
            "cannot be loaded together",
            id="a mixture",
        ),
        pytest.param(lambda _: ['{"format": "elbv2-emulator/2"}'], "is not 'elbv2-emulator/1'", id="format"),
        pytest.param(
            lambda _: ['{"format": "elbv2-emulator/1"}'], "parts of it are missing", id="half a state"
        ),
        pytest.param(
            lambda _: ['{"format": "elbv2-emulator/1", "regions": {}, "addresses": {"a:1": "10.0.0.1:1"}}'],
            "not on loopback",
            id="another machine",
        ),
    ],
)
def test_incomplete_contents_are_refused_with_a_sentence_and_change_nothing(
    emulator: Emulator, printed: list[str], change: Callable[[list[str]], list[str]], complaint: str
) -> None:
    before = emulator.save()
    with pytest.raises(CannotLoad, match=complaint):
        emulator.load(*change(printed))
    assert emulator.save() == before


def test_a_wrong_state_is_answered_with_400_and_the_sentence(emulator: Emulator, http: Any) -> None:
    answer = http.request("PUT", f"{emulator.url}/_emulator/state", body=b'{"Attributes": []}')
    assert answer.status == 400
    assert "'Attributes' is not one of" in answer.data.decode()
