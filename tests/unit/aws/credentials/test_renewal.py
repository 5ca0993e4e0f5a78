"""Credentials are renewed and replaced without a restart."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.credentials import look_up, shared
from elbv2_trafficrouter.errors.aws import (
    CredentialsRefused,
    CredentialsUnavailable,
    CredentialsUnusable,
    NoCredentials,
)
from support.aws.answering_server import AnsweringServer, answering_server
from support.aws.credential_answers import (
    container_answer,
    in_seconds,
    sts_answer,
    sts_error,
)
from support.aws.credential_sources import ELBV2, REGION, Set, container, irsa, problem_of_clients
from support.aws.ports import ports_on
from support.aws.rule_answers import LISTENER, answer
from support.aws.slow_server import Slowness, slow_server
from support.router.caller import Caller


@pytest.fixture
def elbv2(variables: Set) -> Iterator[AnsweringServer]:
    """ELBv2, which accepts one access key."""

    with answering_server(lambda _: (200, answer().decode())) as server:
        variables(**{ELBV2: f"http://{server.address}"})
        yield server


def read(clients: ClientsByRegion) -> None:
    ports_on(clients).rules.read(frozenset({Arn(LISTENER)}), 0, Caller())


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException"])
def test_a_shared_file_that_was_rotated_is_read_after_a_refusal(
    elbv2: AnsweringServer, credentials_file: Path, code: str
) -> None:
    credentials_file.write_text("[default]\naws_access_key_id = OLD\naws_secret_access_key = x")
    clients = ClientsByRegion(connections=1)
    read(clients)
    old = clients.of(REGION)
    elbv2.answer = lambda _: (403, sts_error(code))
    credentials_file.write_text("[default]\naws_access_key_id = NEW\naws_secret_access_key = y")
    with pytest.raises(CredentialsRefused):
        read(clients)
    elbv2.answer = lambda _: (200, answer().decode())
    until = time.monotonic() + 10
    while clients.of(REGION) is old:
        assert time.monotonic() < until
        time.sleep(0.01)
    read(clients)
    client: Any = clients.of(REGION)
    assert client._request_signer._credentials.access_key == "NEW"  # noqa: SLF001  nothing else shows it


def test_refusals_cost_a_look_up_every_few_seconds_at_most(
    elbv2: AnsweringServer, credentials_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials_file.write_text("[default]\naws_access_key_id = OLD\naws_secret_access_key = x")
    look_ups = counted_look_ups(monkeypatch)
    clients = ClientsByRegion(connections=1)
    elbv2.answer = lambda _: (403, sts_error("ExpiredToken"))
    for _ in range(10):
        with pytest.raises(CredentialsRefused):
            read(clients)
    time.sleep(0.3)
    assert len(look_ups) == 2


def counted_look_ups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    look_ups: list[str] = []
    find = look_up.LookUp.find

    def counted(self: look_up.LookUp, region: str) -> look_up.Found:
        look_ups.append(region)
        return find(self, region)

    monkeypatch.setattr(look_up.LookUp, "find", counted)
    return look_ups


def test_an_sts_answer_without_expiry_does_no_lasting_harm(variables: Set, token_file: Path) -> None:
    """botocore's session would keep it, and fail for good."""
    with answering_server(lambda _: (200, sts_answer())) as sts:
        irsa(variables, token_file, sts.address)
        clients = ClientsByRegion(connections=1)
        with pytest.raises(CredentialsUnusable):
            clients.of(REGION)
        sts.answer = lambda _: (200, sts_answer(in_seconds(3600)))
        clients.of(REGION)


def test_valid_credentials_are_used_while_their_renewal_hangs(variables: Set, token_file: Path) -> None:
    clients = ClientsByRegion(connections=1)
    with answering_server(lambda _: (200, container_answer(700))) as endpoint:
        container(variables, endpoint.address, token_file)
        first = clients.of(REGION)
    with slow_server(Slowness.NO_ANSWER) as address:
        container(variables, address, token_file)
        begun = time.monotonic()
        for _ in range(5):
            assert clients.of(REGION, 5) is first
        clients.of("eu-west-2", 5)
        assert time.monotonic() - begun < 2


def test_credentials_are_renewed_before_they_expire(
    variables: Set, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = ClientsByRegion(connections=1)
    with answering_server(lambda _: (200, container_answer(700))) as endpoint:
        container(variables, endpoint.address, token_file)
        first = clients.of(REGION)
        endpoint.answer = lambda _: (200, container_answer(7000))
        until = time.monotonic() + 10
        while clients.of(REGION) is first:
            assert time.monotonic() < until
            time.sleep(0.01)
        second = clients.of(REGION)
        look_ups = counted_look_ups(monkeypatch)
        assert clients.of(REGION) is second
        assert look_ups == []


def test_expired_credentials_are_not_used(
    variables: Set, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = ClientsByRegion(connections=1)
    with answering_server(lambda _: (200, container_answer(3600))) as endpoint:
        container(variables, endpoint.address, token_file)
        clients.of(REGION)
        monkeypatch.setattr(shared, "_EXPIRY_MARGIN_SECONDS", 4000)
        endpoint.answer = lambda _: (500, "")
        with pytest.raises(CredentialsUnavailable):
            clients.of(REGION)


def test_no_source_at_all(variables: Set) -> None:
    variables()
    assert type(problem_of_clients()) is NoCredentials
