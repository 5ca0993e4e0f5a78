"""Requests are counted by rule, group, target, version and status, in the second in which they arrive."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from elbv2_emulator import Emulator
from elbv2_emulator.traffic.counts import Counts, RequestOutcome
from support.emulator.backends import STABLE

NOW = 1_790_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    with Emulator(clock=clock) as running:
        yield running


@pytest.fixture
def behind(elbv2: Any, petclinic: Any, backends: Any, control: Any) -> None:
    """A target of the stable group, which gets all requests and sends its version."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=int(request.path[-3:]), headers={"X-Version": "1.0.0", "X-Build": "7"})

    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE}])
    control("PUT", "addresses", {f"{STABLE}:8080": backends.start(answer).address})
    targets = [{"id": STABLE, "port": 8080, "state": "healthy"}]
    control("PUT", "health", {"targetGroupArn": petclinic.stable, "targets": targets})
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))


@pytest.mark.usefixtures("behind")
def test_counts_show_the_outcomes_of_requests(
    *, clock: Clock, petclinic: Any, elbv2: Any, control: Any, listener_url: Any, http: Any
) -> None:
    url = listener_url(petclinic.listener)
    for path in ("/petclinic/200", "/petclinic/200", "/petclinic/500"):
        http.request("GET", url + path)
    clock.now += 2
    http.request("GET", url)
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(0, 1))
    http.request("GET", url + "/petclinic/200")

    default = elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"][-1]["RuleArn"]
    answered = {
        "rule": petclinic.rule, "group": petclinic.stable, "target": f"{STABLE}:8080", "version": "1.0.0",
    }  # fmt: skip
    early = [{**answered, "status": 200, "requests": 2}, {**answered, "status": 500, "requests": 1}]
    unanswered = {"target": None, "version": None, "requests": 1}
    late = [
        {"rule": default, "group": None, "status": 404, **unanswered},
        {"rule": petclinic.rule, "group": petclinic.canary, "status": 503, **unanswered},
    ]
    seconds = [{"second": int(NOW), "counts": early}, {"second": int(NOW) + 2, "counts": late}]
    assert control("GET", "counts") == {"total": early + late, "seconds": seconds}
    assert control("DELETE", "counts") == {"total": [], "seconds": []}
    assert control("GET", "counts") == {"total": [], "seconds": []}


@pytest.mark.usefixtures("behind")
def test_the_header_with_the_version_can_be_set(
    *, petclinic: Any, control: Any, listener_url: Any, http: Any
) -> None:
    assert control("GET", "traffic") == {"serveInitial": False, "versionHeader": "X-Version"}
    control("PUT", "traffic", {"versionHeader": "x-build"})
    http.request("GET", listener_url(petclinic.listener) + "/petclinic/200")
    (count,) = control("GET", "counts")["total"]
    assert count["version"] == "7"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("[]", "must be an object"),
        ('{"other": 1}', "'other' is not one of serveInitial, versionHeader"),
        ('{"serveInitial": 1}', "'serveInitial' must be true or false"),
        ('{"versionHeader": "a b"}', "'versionHeader' must be a header's name"),
        ('{"serveInitial": true, "versionHeader": null}', "'versionHeader' must be a header's name"),
    ],
)
def test_a_wrong_setting_is_refused_and_changes_nothing(
    *, emulator: Emulator, control: Any, http: Any, body: str, complaint: str
) -> None:
    answer = http.request("PUT", f"{emulator.url}/_emulator/traffic", body=body)
    assert (answer.status, complaint in answer.data.decode()) == (400, True), answer.data
    assert control("GET", "traffic") == {"serveInitial": False, "versionHeader": "X-Version"}


def test_only_the_newest_seconds_are_kept_but_the_total_has_all_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("elbv2_emulator.traffic.counts.NEWEST_SECONDS", 2)
    counts, outcome = Counts(), RequestOutcome("rule", None, None, None, 200)
    for second in (3, 2, 1, 3, 4):
        counts.add(second, outcome)
    shown = counts.as_json()
    assert [(second["second"], second["counts"][0]["requests"]) for second in shown["seconds"]] == [
        (3, 2),
        (4, 1),
    ]
    assert shown["total"][0]["requests"] == 5
