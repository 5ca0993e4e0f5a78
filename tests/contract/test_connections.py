"""Connections end when nobody uses them, and when they are old; calls do not notice."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from elbv2_trafficrouter import server
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.settings import Settings, UnixAddress
from support.router.http2 import Http2


@contextmanager
def running(volumes: Path) -> Iterator[Path]:
    path = volumes / "router.sock"
    settings = Settings(
        listen=(UnixAddress(path),),
        tls=None,
        plugin_name="trafficrouter/elbv2",
        installation=Installation(),
        log_format="json",
        log_level="error",
    )
    with server.running(settings):
        yield path


def wait_for_its_end(client: Http2) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        client.settings()
        time.sleep(0.05)


@pytest.mark.parametrize("limit", ["MAX_IDLE_SECONDS", "MAX_AGE_SECONDS"])
def test_an_unused_connection_ends(volumes: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(server, limit, 0.5)
    with running(volumes) as path, Http2(path) as client, pytest.raises(ConnectionError):
        wait_for_its_end(client)


def test_calls_do_not_notice_that_their_connection_gets_old(
    volumes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_AGE_SECONDS", 0.3)
    with running(volumes) as path, grpc.insecure_channel(f"unix:{path}") as channel:
        stub = pb_grpc.TrafficRouterStub(channel)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            stub.Type(pb.TypeRequest(), timeout=10)
