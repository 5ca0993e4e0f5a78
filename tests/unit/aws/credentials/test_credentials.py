"""Credentials: each source that fails has a sentence that names it, and nothing needs a restart."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.credentials import look_up, process, shared
from elbv2_trafficrouter.errors import Kind, Problem
from elbv2_trafficrouter.errors.aws import (
    AwsFailed,
    CredentialsRefused,
    CredentialsUnavailable,
    CredentialsUnusable,
    InvalidAwsConfiguration,
    NoCredentials,
    Throttled,
)
from support.aws.answering_server import AnsweringServer, answering_server
from support.aws.credential_answers import (
    ROLE,
    SECRET,
    TOKEN,
    container_answer,
    in_seconds,
    sts_answer,
    sts_error,
)
from support.aws.ports import ports_on
from support.aws.rule_answers import LISTENER, answer
from support.aws.slow_server import Slowness, slow_server
from support.router.caller import Caller

REGION = "eu-west-1"
ELBV2 = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2"

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x"}

Set = Callable[..., None]


@pytest.fixture
def variables(credentials_file: Path, monkeypatch: pytest.MonkeyPatch) -> Set:  # noqa: ARG001  no others
    """Sets environment variables."""

    def set_all(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, str(value))

    return set_all


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    return file


def problem_of_clients() -> Problem:
    with pytest.raises(Problem) as caught:
        ClientsByRegion(connections=1).of(REGION)
    return caught.value


def config(tmp_path: Path, *lines: str) -> None:
    (tmp_path / "config").write_text("\n".join(["[default]", *lines]))


# Sources that fail


def irsa(variables: Set, token_file: Path, sts: str = "127.0.0.1:9") -> None:
    variables(AWS_WEB_IDENTITY_TOKEN_FILE=token_file, AWS_ROLE_ARN=ROLE, AWS_ENDPOINT_URL_STS=f"http://{sts}")


def container(variables: Set, address: str, token_file: Path | None = None) -> None:
    variables(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://{address}/v1/credentials")
    if token_file:
        variables(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token_file)


def missing_irsa_token(variables: Set, tmp_path: Path) -> None:
    irsa(variables, tmp_path / "absent")


def irsa_token_is_a_directory(variables: Set, tmp_path: Path) -> None:
    irsa(variables, tmp_path)


def empty_irsa_token(variables: Set, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    irsa(variables, tmp_path / "empty")


def missing_container_token(variables: Set, tmp_path: Path) -> None:
    container(variables, "127.0.0.1:9", tmp_path / "absent")


def container_token_is_a_directory(variables: Set, tmp_path: Path) -> None:
    container(variables, "127.0.0.1:9", tmp_path)


def container_token_with_a_line_break(variables: Set, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token\n")
    container(variables, "127.0.0.1:9", tmp_path / "token")


def missing_process(_: Set, tmp_path: Path) -> None:
    config(tmp_path, "credential_process = /nowhere/helper --password hunter2")


def failing_process(_: Set, tmp_path: Path) -> None:
    config(tmp_path, "credential_process = sh -c 'echo hunter2 >&2; exit 3'")


def process_that_returns_no_json(_: Set, tmp_path: Path) -> None:
    config(tmp_path, "credential_process = echo hunter2")


def missing_profile(variables: Set, _: Path) -> None:
    variables(AWS_PROFILE="petclinic")


def half_of_the_environment(variables: Set, _: Path) -> None:
    variables(AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE")


def token_with_a_line_break(variables: Set, _: Path) -> None:
    variables(**KEYS | {"AWS_SESSION_TOKEN": "hunter2\n"})


def key_with_a_line_break(variables: Set, _: Path) -> None:
    variables(**KEYS | {"AWS_ACCESS_KEY_ID": "hunter2\n"})


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        pytest.param(
            missing_irsa_token, "IRSA (AssumeRoleWithWebIdentity): …/absent can't be read or run (No"
        ),
        pytest.param(
            irsa_token_is_a_directory, "IRSA (AssumeRoleWithWebIdentity): … can't be read or run (Is"
        ),
        pytest.param(empty_irsa_token, "IRSA (AssumeRoleWithWebIdentity): its token is empty"),
        pytest.param(missing_container_token, "the container's credentials endpoint: …/absent can't be read"),
        pytest.param(
            container_token_is_a_directory, "the container's credentials endpoint: … can't be read or run (Is"
        ),
        pytest.param(container_token_with_a_line_break, "the container's credentials endpoint: "),
        pytest.param(missing_process, "credential_process: /nowhere/helper can't be read or run"),
        pytest.param(failing_process, "credential_process: it returned no credentials"),
        pytest.param(process_that_returns_no_json, "credential_process: what it returned is not valid"),
        pytest.param(missing_profile, "the AWS configuration: there is no profile petclinic. Correct AWS"),
        pytest.param(half_of_the_environment, "the environment: AWS_SECRET_ACCESS_KEY is missing"),
        pytest.param(
            token_with_a_line_break, "the environment: the session token is empty, or contains a line"
        ),
        pytest.param(
            key_with_a_line_break, "the environment: the access key is empty, or contains a line break"
        ),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_credentials_that_somebody_has_to_correct(
    variables: Set, tmp_path: Path, prepare: Callable[[Set, Path], None], says: str
) -> None:
    prepare(variables, tmp_path)
    problem = problem_of_clients()
    assert type(problem) is CredentialsUnusable
    assert problem.kind is Kind.UNAUTHENTICATED
    shown = problem.sentence.replace(str(tmp_path), "…")
    assert f"can't get AWS credentials from {says}" in shown
    assert "hunter2" not in problem.sentence + str(problem.metadata)


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (200, sts_answer(), CredentialsUnusable, "what it returned is not valid"),
        (
            200,
            sts_answer(in_seconds(-60)),
            CredentialsUnusable,
            "already expired, or the node's clock is ahead",
        ),
        (200, sts_answer()[:200], CredentialsUnavailable, "a response that is incomplete"),
        (403, sts_error("AccessDenied"), CredentialsRefused, "AssumeRoleWithWebIdentity (AccessDenied)"),
        (400, sts_error("ExpiredTokenException"), CredentialsRefused, "(ExpiredTokenException)"),
        (400, sts_error("Throttling"), Throttled, "AWS throttles AssumeRoleWithWebIdentity"),
        (503, sts_error("RequestLimitExceeded"), Throttled, "AWS throttles AssumeRoleWithWebIdentity"),
        (500, sts_error("InternalFailure"), AwsFailed, "InternalFailure for AssumeRoleWithWebIdentity"),
    ],
    ids=["no expiry", "expired", "truncated", "denied", "expired token", "throttled", "limit, 503", "failed"],
)
def test_an_answer_of_sts(
    variables: Set, token_file: Path, status: int, body: str, kind: type[Problem], says: str
) -> None:
    with answering_server(lambda _: (status, body)) as sts:
        irsa(variables, token_file, sts.address)
        problem = problem_of_clients()
    assert type(problem) is kind
    assert says in problem.sentence
    assert SECRET not in problem.sentence + str(problem.metadata)


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (
            500,
            "hunter2",
            CredentialsUnavailable,
            "the container's credentials endpoint answered with status 500",
        ),
        (
            403,
            "hunter2",
            CredentialsUnusable,
            "the container's credentials endpoint: it answered with status 403",
        ),
        (200, "hunter2", CredentialsUnusable, "it returned no credentials"),
        (200, "{}", CredentialsUnusable, "what it returned is not valid"),
        (200, container_answer(-60), CredentialsUnusable, "they have already expired"),
    ],
    ids=["fails", "denies", "no JSON", "no key", "expired"],
)
def test_an_answer_of_a_container_s_endpoint(
    variables: Set, token_file: Path, status: int, body: str, kind: type[Problem], says: str
) -> None:
    with answering_server(lambda _: (status, body)) as endpoint:
        container(variables, endpoint.address, token_file)
        problem = problem_of_clients()
    assert type(problem) is kind
    assert says in problem.sentence
    assert "hunter2" not in problem.sentence + str(problem.metadata)


def unparsable_config(_: Set, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("this is no INI file\n= hunter2")


def wrong_defaults_mode(variables: Set, _: Path) -> None:
    variables(**KEYS | {"AWS_DEFAULTS_MODE": "fast"})


def wrong_number(variables: Set, _: Path) -> None:
    variables(AWS_METADATA_SERVICE_TIMEOUT="soon")


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        pytest.param(unparsable_config, "config can't be parsed. Correct"),
        pytest.param(
            wrong_defaults_mode, "AWS_DEFAULTS_MODE (defaults_mode) has a value that does not exist"
        ),
        pytest.param(wrong_number, "reading it failed (ValueError)"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_wrong_configuration_is_not_a_matter_of_the_network(
    variables: Set, tmp_path: Path, prepare: Callable[[Set, Path], None], says: str
) -> None:
    prepare(variables, tmp_path)
    problem = problem_of_clients()
    assert type(problem) is InvalidAwsConfiguration
    assert says in problem.sentence
    assert "hunter2" not in problem.sentence


# Sources that hang


def test_a_source_that_hangs_is_named_and_no_call_waits_beyond_its_time(
    variables: Set, token_file: Path
) -> None:
    with slow_server(Slowness.HEADERS) as sts, ThreadPoolExecutor(8) as pool:
        irsa(variables, token_file, sts)
        clients, begun = ClientsByRegion(connections=1), time.monotonic()
        calls = [pool.submit(clients.of, region, 1.0) for region in ("eu-west-1", "eu-west-2") * 4]
        problems = [call.exception(10) for call in calls]
        assert time.monotonic() - begun < 3
        assert {type(problem) for problem in problems} == {CredentialsUnavailable}
        assert {str(problem).partition(". ")[0] for problem in problems} == {
            "The sidecar can't get AWS credentials: IRSA (AssumeRoleWithWebIdentity) did not answer in time"
        }


@pytest.mark.parametrize("source", ["container", "irsa"])
def test_a_look_up_that_hangs_ends_and_the_next_one_succeeds_when_the_source_is_back(
    variables: Set, token_file: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    clients = ClientsByRegion(connections=1)

    def prepare(address: str) -> None:
        if source == "container":
            container(variables, address)
        else:
            irsa(variables, token_file, address)

    with slow_server(Slowness.BODY) as address, monkeypatch.context() as shortened:
        shortened.setattr(look_up, "_LOOK_UP_SECONDS", 0.5)
        prepare(address)
        with pytest.raises(CredentialsUnavailable):
            clients.of(REGION, 10)
    good = container_answer() if source == "container" else sts_answer(in_seconds(3600))
    with answering_server(lambda _: (200, good)) as endpoint:
        prepare(endpoint.address)
        clients.of(REGION, 10)


def test_a_credential_process_that_hangs_is_killed_with_its_children(
    credentials_file: Path,  # noqa: ARG001  no others
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_PROCESS_SECONDS", 0.5)
    config(tmp_path, f"credential_process = sh -c 'sleep 60 & echo $! > {tmp_path}/child; wait'")
    problem = problem_of_clients()
    assert type(problem) is CredentialsUnavailable
    assert "credential_process did not answer in time" in problem.sentence
    child = int((tmp_path / "child").read_text())
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False
    )
    assert shown.stdout.strip() in ("", "Z")


# Renewal, refusal


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
