"""Each source of credentials that fails has a sentence that names it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from elbv2_trafficrouter.errors import Kind, Problem
from elbv2_trafficrouter.errors.aws import (
    AwsFailed,
    CredentialsRefused,
    CredentialsUnavailable,
    CredentialsUnusable,
    InvalidAwsConfiguration,
    Throttled,
)
from support.aws.answering_server import answering_server
from support.aws.credential_answers import (
    SECRET,
    container_answer,
    in_seconds,
    sts_answer,
    sts_error,
)
from support.aws.credential_sources import KEYS, Set, config, container, irsa, problem_of_clients


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
