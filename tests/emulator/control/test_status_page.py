"""/_emulator/ in a real browser: it shows load balancers, their traffic and the last calls."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from elbv2_emulator import Emulator, Fault
from support.emulator import browser

PICTURE = browser.ROOT / "build/status.png"


@pytest.fixture
def page(emulator: Emulator) -> str:
    return f"{emulator.url}/_emulator/"


@pytest.fixture
def busy(
    *,
    emulator: Emulator,
    elbv2: Any,
    petclinic: Any,
    make_group: Callable[[str], str],
    backends: Any,
    control: Callable[..., Any],
) -> None:
    """A canary at 25 %, with visitors, a draining target and a call that was refused."""
    web = make_group("web-service")
    elbv2.create_rule(
        ListenerArn=petclinic.listener,
        Priority=2,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": web}],
    )
    backend = backends.start(text="up").address
    for group, addresses in (
        (petclinic.stable, ("10.64.0.3", "10.64.0.4")),
        (petclinic.canary, ("10.64.1.3", "10.64.1.4")),
        (web, ("10.64.2.3",)),
    ):
        elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": pod} for pod in addresses])
        emulator.addresses.merge({f"{pod}:8080": backend for pod in addresses})
        health = [{"id": pod, "port": 8080, "state": "healthy"} for pod in addresses]
        control("PUT", "health", {"targetGroupArn": group, "targets": health})
    draining = {"id": "10.64.1.4", "port": 8080, "state": "draining"}
    control("PUT", "health", {"targetGroupArn": petclinic.canary, "targets": [draining]})
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(75, 25))
    (listener,) = control("GET", "listeners")
    with urllib3.PoolManager(ca_cert_data=emulator.ca) as visitors:
        for path, times in (("/petclinic", 400), ("/", 60)):
            for _ in range(times):
                assert visitors.request("GET", listener["url"] + path).status == 200
    emulator.faults.add(Fault("ModifyRule", error="Throttling", times=2))
    with pytest.raises(ClientError, match="Throttling"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(50, 50))
    elbv2.describe_rules(ListenerArn=petclinic.listener)


@pytest.mark.usefixtures("busy")
def test_the_page_shows_weights_health_traffic_and_calls(page: str, tmp_path: Path) -> None:
    shown = re.sub(r"<script>.*</script>|<style>.*</style>", "", browser.dom(page, tmp_path), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))
    assert "live" in text
    for words in (
        "k8s-petclinicgroup",
        "HTTPS 443",
        "1 path /petclinic* 400 requests",
        "2 path /* 60 requests",
        "default everything else answers 404 0 requests",
        "10.64.1.4:8080 draining",
        "fault: ModifyRule Throttling, 1 \u00d7 left",
        "ModifyRule 400 Throttling",
        "DescribeRules 200",
    ):
        assert words in text
    found = re.findall(r"(was-\w+) ([\d.]+) % weight (\d+) · (\d+) req", text)
    assert [(name, weight) for name, _, weight, _ in found] == [("was-stable", "75"), ("was-canary", "25")]
    assert sum(int(requests) for *_, requests in found) == 400
    counted = [int(requests) / 4 for *_, requests in found]
    assert [float(share) for _, share, *_ in found] == pytest.approx(counted, abs=0.051)


@pytest.mark.usefixtures("busy")
def test_the_page_can_be_captured_as_a_picture(page: str, tmp_path: Path) -> None:
    """The picture stays in build/: `make docs/status.png` copies it from there."""
    browser.picture(page, tmp_path, PICTURE)
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < 150_000


def test_a_name_cannot_become_a_part_of_the_page(elbv2: Any, page: str, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    with pytest.raises(ClientError):
        elbv2.describe_load_balancers(Names=["a"], LoadBalancerArns=[evil])
    with pytest.raises(ClientError):
        elbv2.modify_rule(RuleArn=evil)
    shown = browser.dom(page, tmp_path)
    assert "&lt;img src=x" in shown
    assert "<img" not in shown
