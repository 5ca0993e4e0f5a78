"""Cookies hold real clients to a target group and to one of its targets."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
import urllib3
from aiohttp import web

from support.emulator.backends import STABLE


class Browser:
    """A client that sends the cookies that it has received."""

    def __init__(self, http: urllib3.PoolManager, url: str) -> None:
        self._http = http
        self._url = url
        self.cookies: SimpleCookie = SimpleCookie()

    def get(self) -> str:
        sent = {"Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())}
        answer = self._http.request("GET", self._url, headers=sent if self.cookies else {})
        for line in answer.headers.getlist("Set-Cookie"):
            self.cookies.load(line)
        return answer.data.decode()


@pytest.fixture
def browser(petclinic: Any, listener_url: Any, http: urllib3.PoolManager) -> Callable[[], Browser]:
    url = listener_url(petclinic.listener) + "/petclinic/"
    return lambda: Browser(http, url)


def sticky(actions: list[Any], seconds: int) -> list[Any]:
    actions[0]["ForwardConfig"]["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": seconds}
    return actions


@pytest.mark.usefixtures("served")
def test_a_client_stays_on_the_canary_after_an_abort(
    elbv2: Any, petclinic: Any, browser: Callable[[], Browser]
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=sticky(petclinic.split(0, 1), 3600))
    held = browser()
    assert held.get() == "1.0.1"
    assert held.cookies.keys() == {"AWSALBTG", "AWSALBTGCORS"}
    cross_site = held.cookies["AWSALBTGCORS"]
    assert (cross_site["samesite"], cross_site["secure"], cross_site["path"]) == ("None", True, "/")

    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=sticky(petclinic.split(1, 0), 3600))
    assert [held.get() for _ in range(5)] == ["1.0.1"] * 5
    assert browser().get() == "1.0.0"

    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    assert held.get() == "1.0.0"


@pytest.fixture
def three(
    *, elbv2: Any, petclinic: Any, backends: Any, control: Any, wait_healthy: Any
) -> Callable[..., None]:
    """Three targets in the stable group. Each answers with its number and sets its own cookie."""

    def start(**attributes: str) -> None:
        for number in range(3):

            async def answer(_: web.BaseRequest, number: int = number) -> web.StreamResponse:
                response = web.Response(text=str(number))
                response.set_cookie("JSESSIONID", "1")
                return response

            elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": f"10.64.1.{number}"}])
            control("PUT", "addresses", {f"10.64.1.{number}:8080": backends.start(answer).address})
        alone = [{"Type": "forward", "TargetGroupArn": petclinic.stable}]
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=alone)
        changed = [{"Key": f"stickiness.{key}", "Value": value} for key, value in attributes.items()]
        elbv2.modify_target_group_attributes(TargetGroupArn=petclinic.stable, Attributes=changed)
        wait_healthy(petclinic.stable)

    return start


@pytest.mark.parametrize(
    ("attributes", "cookies"),
    [
        ({"enabled": "true"}, {"JSESSIONID", "AWSALB", "AWSALBCORS"}),
        (
            {"enabled": "true", "type": "app_cookie", "app_cookie.cookie_name": "JSESSIONID"},
            {"JSESSIONID", "AWSALBAPP-0"},
        ),
    ],
)
def test_a_client_stays_on_its_target(
    three: Any, browser: Callable[[], Browser], attributes: dict[str, str], cookies: set[str]
) -> None:
    three(**attributes)
    clients = [browser() for _ in range(3)]
    assert [client.get() for client in clients] == ["0", "1", "2"]
    assert clients[0].cookies.keys() == cookies
    assert [clients[1].get() for _ in range(4)] == ["1"] * 4


def test_targets_take_turns_without_stickiness(three: Any, browser: Callable[[], Browser]) -> None:
    three(enabled="false")
    client = browser()
    assert [client.get() for _ in range(4)] == ["0", "1", "2", "0"]
    assert client.cookies.keys() == {"JSESSIONID"}


@pytest.mark.usefixtures("served")
def test_a_client_of_a_deregistered_target_gets_another_target(
    *, elbv2: Any, petclinic: Any, three: Any, browser: Callable[[], Browser]
) -> None:
    three(enabled="true")
    client = browser()
    first = client.get()
    assert first == "1.0.0"
    elbv2.deregister_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE, "Port": 8080}])
    second = client.get()
    assert second in {"0", "1", "2"}
    assert [client.get() for _ in range(3)] == [second] * 3
