"""Requests with a header get the canary before all others; afterwards the listener is as before."""

import time

from cluster.applications.header_routes import (
    answering,
    beta_route,
    both_loads,
    deploy,
    header_route,
    listener_rules,
    routes,
    writes,
)
from cluster.applications.petclinic import CANARY, NEW, OLD, PRIORITY
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.traffic.load import tally
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import Headers, World
from support.manifest import Object

PER_SECOND = 150
WITH_A_POD: Object = {"setCanaryScale": {"replicas": 1}}


def test_a_header_gets_the_canary_until_it_is_promoted(each: World) -> None:
    steps = [WITH_A_POD, beta_route(), {"pause": {}}, {"setWeight": 25}, {"pause": {}}]
    clinic = deploy(each, "header-route", steps)
    before = listener_rules(clinic)
    with both_loads(clinic) as (marked, others):
        assert_only(marked, OLD)
        clinic.set_image(NEW)
        wait_until_settled(clinic, 0)
        begun = time.monotonic()
        assert_only(marked, NEW)
        assert_only(others, OLD)
        assert routes(clinic) == [("beta", PRIORITY - 1)]
        clinic.cli("promote", "was")
        wait_until_settled(clinic, 25)
        assert_only(marked, NEW)
        assert_shares(others, {OLD: 75, NEW: 25})
        seen = tally(marked.samples, begun, time.monotonic())
        assert (set(seen.versions), dict(seen.failures)) == ({NEW}, {}), "never anything else"
        clinic.cli("promote", "was")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(marked, NEW)
        assert_only(others, NEW)
    assert writes(clinic) == [
        "CreateRule beta",
        "ModifyRule 25",
        "ModifyRule 100",
        "DeleteRule",
        "ModifyRule 0",
    ]
    assert listener_rules(clinic) == before
    assert clinic.events() == []


def test_a_full_promotion_removes_the_route(newest: World) -> None:
    steps: list[Object] = [{"setWeight": 25}, beta_route(), {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
    clinic = deploy(newest, "header-full", steps)
    before = listener_rules(clinic)
    with both_loads(clinic) as (marked, others):
        clinic.set_image(NEW)
        wait_until_settled(clinic, 25)
        assert_only(marked, NEW)
        clinic.cli("promote", "was", "--full")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(marked, NEW)
        assert_only(others, NEW)
    assert writes(clinic) == ["ModifyRule 25", "CreateRule beta", "DeleteRule", "ModifyRule 0"]
    assert listener_rules(clinic) == before
    assert clinic.events() == []


def test_routes_have_the_order_of_managed_routes_until_they_are_removed(newest: World) -> None:
    alpha, beta = {"X-Alpha": "1"}, {"X-Beta": "1"}
    steps: list[Object] = [
        {"setWeight": 25},
        header_route("beta", ("X-Beta", {"exact": "1"})),
        header_route("alpha", ("X-Alpha", {"exact": "1"})),
        {"pause": {}},
        header_route("beta"),
        {"pause": {}},
        {"setWeight": 50},
        {"pause": {}},
    ]
    clinic = deploy(newest, "header-order", steps, routes=("alpha", "beta"))
    clinic.elbv2.create_rule(
        ListenerArn=clinic.listener,
        Priority=PRIORITY - 3,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/owners*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": clinic.groups[CANARY]}],
    )
    before = listener_rules(clinic)
    with clinic.load(PER_SECOND, alpha) as alphas, clinic.load(PER_SECOND, beta) as betas:
        clinic.set_image(NEW)
        wait_until_settled(clinic, 25)
        assert routes(clinic) == [("alpha", PRIORITY - 2), ("beta", PRIORITY - 1)]
        assert_only(alphas, NEW)
        assert_only(betas, NEW)
        clinic.cli("promote", "was")
        clinic.wait(lambda status: status["currentStepIndex"] == 5, "beta was removed")
        wait_until_settled(clinic, 25)
        assert_only(alphas, NEW)
        assert_shares(betas, {OLD: 75, NEW: 25})
        clinic.cli("promote", "was")
        wait_until_settled(clinic, 50)
        assert routes(clinic) == [("alpha", PRIORITY - 2)]
        assert_only(alphas, NEW)
        assert_shares(betas, {OLD: 50, NEW: 50})
        clinic.cli("promote", "was")
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(alphas, NEW)
        assert_only(betas, NEW)
    assert writes(clinic) == [
        "ModifyRule 25",
        "CreateRule beta",
        "CreateRule alpha",
        "DeleteRule",
        "ModifyRule 50",
        "ModifyRule 100",
        "DeleteRule",
        "ModifyRule 0",
    ]
    assert listener_rules(clinic) == before
    assert clinic.events() == []


MATCHES = {
    "exact": header_route("exact", ("X-Tenant", {"exact": "a*e?"})),
    "prefix": header_route("prefix", ("X-Version", {"prefix": "1."})),
    "regex": header_route("regex", ("X-User", {"regex": "^[a-c]+[0-9]$"})),
    "all": header_route("all", ("X-Region", {"exact": "eu"}), ("X-Ring", {"prefix": "in"})),
    "any": header_route("any", ("X-Color", {"exact": "blue"}), ("X-Color", {"prefix": "green"})),
}
MATCHING: list[Headers] = [
    {"X-Tenant": "a*e?"},
    {"X-Version": "1."},
    {"X-Version": "1.10.2"},
    {"X-User": "abc7"},
    {"X-Region": "eu", "X-Ring": "inner"},
    {"X-Color": "blue"},
    {"X-Color": "greenish"},
]
OTHERS: list[Headers] = [
    {},
    {"X-Tenant": "acmes"},
    {"X-Version": "11"},
    {"X-Version": "v1."},
    {"X-User": "abc"},
    {"X-User": "abc77"},
    {"X-Region": "eu"},
    {"X-Region": "us", "X-Ring": "inner"},
    {"X-Color": "bluegreen"},
]


def test_each_kind_of_header_match_matches_the_right_requests_only(newest: World) -> None:
    steps = [WITH_A_POD, *MATCHES.values(), {"pause": {}}]
    clinic = deploy(newest, "header-matches", steps, routes=tuple(MATCHES))
    clinic.set_image(NEW)
    wait_until_settled(clinic, 0)
    assert [name for name, _ in routes(clinic)] == list(MATCHES)
    assert [headers for headers in MATCHING if answering(clinic, headers) != {NEW}] == []
    assert [headers for headers in OTHERS if answering(clinic, headers) != {OLD}] == []
    assert clinic.events() == []
