"""State that is saved, loaded, taken over from AWS, and forgotten."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from elbv2_emulator.api.faults import Fault
from elbv2_emulator.loading.read import CannotLoad, read
from elbv2_emulator.server import Emulator

OIDC = dict.fromkeys(
    ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint"), "https://idp.example.com/"
)


def standing() -> float:
    return 1_800_000_000.0


@pytest.fixture
def emulator(started: ExitStack) -> Emulator:
    return started.enter_context(Emulator(clock=standing))


@pytest.fixture
def full(elbv2: Any, petclinic: Any, emulator: Emulator, control: Callable[..., Any]) -> Any:
    """Something of every kind."""
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
def test_a_state_that_is_saved_and_loaded_is_saved_the_same(
    emulator: Emulator, http: Any, control: Callable[..., Any]
) -> None:
    while not all_checked(emulator):
        pass
    saved = emulator.save()
    assert json.loads(saved) == control("GET", "state")
    with Emulator(clock=standing) as other:
        answer = http.request("PUT", f"{other.url}/_emulator/state", body=saved)
        assert answer.status == 200
        assert json.loads(answer.data) == json.loads(saved)
        other.load(saved)
        assert other.save() == saved
        assert other.addresses.map == {"10.64.0.3:8080": "127.0.0.1:9001"}


@pytest.mark.usefixtures("full")
def test_a_loaded_state_is_described_and_served_as_the_one_that_was_saved(
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
        return [{name: value for name, value in one.items() if name != "ResponseMetadata"} for one in answers]

    before, saved = described(), emulator.save()
    emulator.reset()
    assert elbv2.describe_load_balancers()["LoadBalancers"] == []
    emulator.load(saved)
    assert described() == before
    (listener,) = control("GET", "listeners")
    assert listener["url"].startswith("https://127.0.0.1:")


def test_what_is_made_after_loading_gets_an_arn_of_its_own(
    emulator: Emulator, elbv2: Any, petclinic: Any
) -> None:
    emulator.load(emulator.save())
    condition = [{"Field": "path-pattern", "Values": ["/x"]}]
    for priority in range(2, 12):
        actions = petclinic.split(1, 1)
        elbv2.create_rule(
            ListenerArn=petclinic.listener, Priority=priority, Conditions=condition, Actions=actions
        )
    assert len(elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"]) == 12


def test_reset_forgets_all_and_makes_the_same_arns_again(
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


def plain(answer: dict[str, Any], **more: str) -> str:
    """As the AWS CLI prints it."""
    told = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return json.dumps({**more, **told}, default=lambda time: time.isoformat())


@pytest.fixture
def printed(elbv2: Any, full: Any) -> list[str]:
    resources = [full.balancer, full.listener, full.rule, full.stable, full.canary]
    return [
        plain(elbv2.describe_load_balancers()),
        plain(elbv2.describe_listeners(LoadBalancerArn=full.balancer)),
        plain(elbv2.describe_rules(ListenerArn=full.listener)),
        plain(elbv2.describe_target_groups()),
        plain(elbv2.describe_tags(ResourceArns=resources)),
        plain(elbv2.describe_target_health(TargetGroupArn=full.stable), TargetGroupArn=full.stable),
        plain(elbv2.describe_target_health(TargetGroupArn=full.canary), TargetGroupArn=full.canary),
    ]


@pytest.fixture
def other(started: ExitStack) -> Emulator:
    return started.enter_context(Emulator(clock=standing))


@pytest.mark.parametrize("merged", [False, True], ids=["texts of their own", "one after the other"])
def test_what_the_aws_cli_described_is_described_again(
    *, other: Emulator, emulator: Emulator, elbv2: Any, full: Any, printed: list[str], merged: bool
) -> None:
    assert emulator.url != other.url
    other.load(*(["\n".join(printed)] if merged else printed))
    emulator.load(other.save())
    again = [
        plain(elbv2.describe_load_balancers()),
        plain(elbv2.describe_listeners(LoadBalancerArn=full.balancer)),
        plain(elbv2.describe_rules(ListenerArn=full.listener)),
        plain(elbv2.describe_target_groups()),
        plain(
            elbv2.describe_tags(
                ResourceArns=[full.balancer, full.listener, full.rule, full.stable, full.canary]
            )
        ),
    ]
    assert [json.loads(one) for one in again] == [json.loads(one) for one in printed[:5]]
    for group, text in ((full.stable, printed[5]), (full.canary, printed[6])):
        told = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        expected = json.loads(text)["TargetHealthDescriptions"]
        assert [(one["Target"], one["TargetHealth"]["State"]) for one in told] == [
            (one["Target"], one["TargetHealth"]["State"]) for one in expected
        ]


def test_one_document_that_merges_them_all_is_loaded(elbv2: Any, petclinic: Any, other: Emulator) -> None:
    merged = (
        json.loads(plain(elbv2.describe_load_balancers()))
        | json.loads(plain(elbv2.describe_listeners(LoadBalancerArn=petclinic.balancer)))
        | json.loads(plain(elbv2.describe_target_groups()))
    )
    other.load(json.dumps(merged))
    region = json.loads(other.save())["regions"]["eu-west-1"]
    # Without describe-rules the default actions are those that the listener tells.
    (rule,) = region["rules"].values()
    assert (rule["priority"], rule["actions"][0]["Type"]) == (None, "fixed-response")
    assert list(region["target_groups"]) == [petclinic.stable, petclinic.canary]


def test_a_network_load_balancer_is_left_out_with_all_that_is_its(elbv2: Any, petclinic: Any) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
    network = {"LoadBalancerArn": f"{arn}loadbalancer/net/n/0123456789abcdef", "Type": "network"}
    group = {"TargetGroupArn": f"{arn}targetgroup/t/0123456789abcdef", "Protocol": "TCP"}
    listener = {
        "ListenerArn": f"{arn}listener/net/n/0123456789abcdef/0123456789abcdef",
        "LoadBalancerArn": network["LoadBalancerArn"],
    }
    described = {"LoadBalancers": [network], "Listeners": [listener], "TargetGroups": [group]}
    begun = read(plain(elbv2.describe_load_balancers()), json.dumps(described))
    state = begun.states["eu-west-1"]
    assert list(state.load_balancers) == [petclinic.balancer]
    assert not state.listeners
    assert not state.target_groups


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(lambda texts: texts[1:], "load balancer that is missing", id="no load balancers"),
        pytest.param(lambda texts: [texts[2]], "listener that is missing", id="no listeners"),
        pytest.param(lambda texts: texts[:3], "which is missing or not of HTTP", id="no groups"),
        pytest.param(
            lambda texts: [*texts, '{"Attributes": []}'], "'Attributes' is not one of", id="unknown"
        ),
        pytest.param(lambda texts: [*texts, '{"TargetHealthDescriptions": []}'], "Whose targets", id="whose"),
        pytest.param(lambda texts: [*texts, "["], "Expecting value", id="no JSON"),
        pytest.param(lambda texts: [*texts, "[1]"], "JSON object was expected", id="a list"),
        pytest.param(lambda texts: [*texts, '{"Rules": [{}]}'], "has no 'RuleArn'", id="half a rule"),
        pytest.param(lambda texts: [*texts, '{"Rules": 1}'], "no output of a describe call", id="a number"),
        pytest.param(
            lambda texts: [*texts, '{"format": "elbv2-emulator/1"}'], "is loaded alone", id="a mixture"
        ),
        pytest.param(lambda _: ['{"format": "elbv2-emulator/2"}'], "is not 'elbv2-emulator/1'", id="format"),
        pytest.param(lambda _: ['{"format": "elbv2-emulator/1"}'], "not a whole one", id="half a state"),
        pytest.param(
            lambda _: ['{"format": "elbv2-emulator/1", "regions": {}, "addresses": {"a:1": "10.0.0.1:1"}}'],
            "not on loopback",
            id="another machine",
        ),
    ],
)
def test_what_is_not_whole_is_refused_with_a_sentence_and_changes_nothing(
    emulator: Emulator, printed: list[str], change: Callable[[list[str]], list[str]], complaint: str
) -> None:
    before = emulator.save()
    with pytest.raises(CannotLoad, match=complaint):
        emulator.load(*change(printed))
    assert emulator.save() == before


def test_a_wrong_state_is_answered_400_with_the_sentence(emulator: Emulator, http: Any) -> None:
    answer = http.request("PUT", f"{emulator.url}/_emulator/state", body=b'{"Attributes": []}')
    assert answer.status == 400
    assert "'Attributes' is not one of" in answer.data.decode()
